"""ListGroupsForUser: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupsForUser.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import group_of, group_shape, page_of, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, GroupShape, Page, Paged
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListGroupsForUserInput(Paged, frozen=True, kw_only=True):
    user_name: ExistingUserName


class ListGroupsForUserOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    groups: list[GroupShape]


@IAM.action("ListGroupsForUser")
async def list_groups_for_user(app: IdentityApp, call: Call, input_: ListGroupsForUserInput) -> ListGroupsForUserOutput:
    user = user_of(app, call, input_.user_name)
    page, marker = page_of([group_of(app, call, name) for name in sorted(user.groups)], input_)
    shapes = [group_shape(group) for group in page]
    return ListGroupsForUserOutput(groups=shapes, is_truncated=marker is not None, marker=marker)
