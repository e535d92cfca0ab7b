"""ListUserPolicies: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUserPolicies.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import page_of, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, Page, Paged
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListUserPoliciesInput(Paged, frozen=True, kw_only=True):
    user_name: ExistingUserName


class ListUserPoliciesOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    policy_names: list[str]


@IAM.action("ListUserPolicies")
async def list_user_policies(app: IdentityApp, call: Call, input_: ListUserPoliciesInput) -> ListUserPoliciesOutput:
    """Names of inline policies."""
    page, marker = page_of(sorted(user_of(app, call, input_.user_name).inline), input_)
    return ListUserPoliciesOutput(policy_names=page, is_truncated=marker is not None, marker=marker)
