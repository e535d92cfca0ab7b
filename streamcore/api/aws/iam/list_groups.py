"""ListGroups: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroups.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import group_shape, page_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import GroupShape, Page, Paged, PathPrefix
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListGroupsInput(Paged, frozen=True, kw_only=True):
    path_prefix: PathPrefix | None = None


class ListGroupsOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    groups: list[GroupShape]


@IAM.action("ListGroups")
async def list_groups(app: IdentityApp, call: Call, input_: ListGroupsInput) -> ListGroupsOutput:
    prefix = input_.path_prefix or "/"
    found = [each for each in app.identities.groups.of(call.scope.account) if each.path.startswith(prefix)]
    page, marker = page_of(found, input_)
    shapes = [group_shape(each) for each in page]
    return ListGroupsOutput(groups=shapes, is_truncated=marker is not None, marker=marker)
