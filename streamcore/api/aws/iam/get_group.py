"""GetGroup: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import group_of, group_shape, page_of, user_shape
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import GroupName, GroupShape, Page, Paged, UserShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class GetGroupInput(Paged, frozen=True, kw_only=True):
    group_name: GroupName


class GetGroupOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    group: GroupShape
    users: list[UserShape]


@IAM.action("GetGroup")
async def get_group(app: IdentityApp, call: Call, input_: GetGroupInput) -> GetGroupOutput:
    """A group and its users."""
    group = group_of(app, call, input_.group_name)
    users = [user for user in app.identities.users.of(group.account) if group.name in user.groups]
    page, marker = page_of(users, input_)
    shapes = [user_shape(user, whole=False) for user in page]
    return GetGroupOutput(group=group_shape(group), users=shapes, is_truncated=marker is not None, marker=marker)
