"""ListGroupPolicies: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupPolicies.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import group_of, page_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import GroupName, Page, Paged
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListGroupPoliciesInput(Paged, frozen=True, kw_only=True):
    group_name: GroupName


class ListGroupPoliciesOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    policy_names: list[str]


@IAM.action("ListGroupPolicies")
async def list_group_policies(app: IdentityApp, call: Call, input_: ListGroupPoliciesInput) -> ListGroupPoliciesOutput:
    """Names of inline policies."""
    page, marker = page_of(sorted(group_of(app, call, input_.group_name).inline), input_)
    return ListGroupPoliciesOutput(policy_names=page, is_truncated=marker is not None, marker=marker)
