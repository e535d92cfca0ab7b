"""ListPolicyTags: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyTags.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import page_of, policy_of, tag_list
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, Page, Paged, Tag
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListPolicyTagsInput(Paged, frozen=True, kw_only=True):
    policy_arn: Arn


class ListPolicyTagsOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    tags: list[Tag]


@IAM.action("ListPolicyTags")
async def list_policy_tags(app: IdentityApp, call: Call, input_: ListPolicyTagsInput) -> ListPolicyTagsOutput:
    page, marker = page_of(tag_list(policy_of(app, call, input_.policy_arn).tags), input_)
    return ListPolicyTagsOutput(tags=page, is_truncated=marker is not None, marker=marker)
