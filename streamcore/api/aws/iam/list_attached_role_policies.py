"""ListAttachedRolePolicies: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedRolePolicies.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import attached_list, page_of, role_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import AttachedPolicy, Page, Paged, PathPrefix, RoleName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListAttachedRolePoliciesInput(Paged, frozen=True, kw_only=True):
    role_name: RoleName
    path_prefix: PathPrefix | None = None


class ListAttachedRolePoliciesOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    attached_policies: list[AttachedPolicy]


@IAM.action("ListAttachedRolePolicies")
async def list_attached_role_policies(
    app: IdentityApp, call: Call, input_: ListAttachedRolePoliciesInput
) -> ListAttachedRolePoliciesOutput:
    """Managed policies; inline ones are in ListRolePolicies."""
    role = role_of(app, call, input_.role_name)
    page, marker = page_of(attached_list(role, input_.path_prefix), input_)
    return ListAttachedRolePoliciesOutput(attached_policies=page, is_truncated=marker is not None, marker=marker)
