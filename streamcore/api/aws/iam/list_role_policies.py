"""ListRolePolicies: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRolePolicies.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import page_of, role_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Page, Paged, RoleName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListRolePoliciesInput(Paged, frozen=True, kw_only=True):
    role_name: RoleName


class ListRolePoliciesOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    policy_names: list[str]


@IAM.action("ListRolePolicies")
async def list_role_policies(app: IdentityApp, call: Call, input_: ListRolePoliciesInput) -> ListRolePoliciesOutput:
    """Names of inline policies."""
    page, marker = page_of(sorted(role_of(app, call, input_.role_name).inline), input_)
    return ListRolePoliciesOutput(policy_names=page, is_truncated=marker is not None, marker=marker)
