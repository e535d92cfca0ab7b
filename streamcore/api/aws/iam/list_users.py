"""ListUsers: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import page_of, user_shape
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Page, Paged, PathPrefix, UserShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListUsersInput(Paged, frozen=True, kw_only=True):
    path_prefix: PathPrefix | None = None


class ListUsersOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    users: list[UserShape]


@IAM.action("ListUsers")
async def list_users(app: IdentityApp, call: Call, input_: ListUsersInput) -> ListUsersOutput:
    """Without tags and boundaries, as on AWS."""
    prefix = input_.path_prefix or "/"
    found = [each for each in app.identities.users.of(call.scope.account) if each.path.startswith(prefix)]
    page, marker = page_of(found, input_)
    shapes = [user_shape(each, whole=False) for each in page]
    return ListUsersOutput(users=shapes, is_truncated=marker is not None, marker=marker)
