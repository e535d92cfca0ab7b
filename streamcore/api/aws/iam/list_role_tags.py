"""ListRoleTags: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoleTags.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import page_of, role_of, tag_list
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Page, Paged, RoleName, Tag
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListRoleTagsInput(Paged, frozen=True, kw_only=True):
    role_name: RoleName


class ListRoleTagsOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    tags: list[Tag]


@IAM.action("ListRoleTags")
async def list_role_tags(app: IdentityApp, call: Call, input_: ListRoleTagsInput) -> ListRoleTagsOutput:
    page, marker = page_of(tag_list(role_of(app, call, input_.role_name).tags), input_)
    return ListRoleTagsOutput(tags=page, is_truncated=marker is not None, marker=marker)
