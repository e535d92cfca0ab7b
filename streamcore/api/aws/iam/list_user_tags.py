"""ListUserTags: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUserTags.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import page_of, tag_list, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, Page, Paged, Tag
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListUserTagsInput(Paged, frozen=True, kw_only=True):
    user_name: ExistingUserName


class ListUserTagsOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    tags: list[Tag]


@IAM.action("ListUserTags")
async def list_user_tags(app: IdentityApp, call: Call, input_: ListUserTagsInput) -> ListUserTagsOutput:
    page, marker = page_of(tag_list(user_of(app, call, input_.user_name).tags), input_)
    return ListUserTagsOutput(tags=page, is_truncated=marker is not None, marker=marker)
