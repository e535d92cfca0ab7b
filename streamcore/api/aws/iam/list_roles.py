"""ListRoles: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import page_of, role_shape
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Page, Paged, PathPrefix, RoleShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListRolesInput(Paged, frozen=True, kw_only=True):
    path_prefix: PathPrefix | None = None


class ListRolesOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    roles: list[RoleShape]


@IAM.action("ListRoles")
async def list_roles(app: IdentityApp, call: Call, input_: ListRolesInput) -> ListRolesOutput:
    """Without tags and boundaries, as on AWS."""
    prefix = input_.path_prefix or "/"
    found = [each for each in app.identities.roles.of(call.scope.account) if each.path.startswith(prefix)]
    page, marker = page_of(found, input_)
    shapes = [role_shape(each, whole=False) for each in page]
    return ListRolesOutput(roles=shapes, is_truncated=marker is not None, marker=marker)
