"""ListInstanceProfilesForRole: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfilesForRole.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import role_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Page, Paged, RoleName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListInstanceProfilesForRoleInput(Paged, frozen=True, kw_only=True):
    role_name: RoleName


class ListInstanceProfilesForRoleOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    instance_profiles: list[str]


@IAM.action("ListInstanceProfilesForRole")
async def list_instance_profiles_for_role(
    app: IdentityApp, call: Call, input_: ListInstanceProfilesForRoleInput
) -> ListInstanceProfilesForRoleOutput:
    """There are none: programs ask before they delete a role."""
    role_of(app, call, input_.role_name)
    return ListInstanceProfilesForRoleOutput(instance_profiles=[])
