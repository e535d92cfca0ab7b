"""ListPolicies: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicies.html"""

from __future__ import annotations

from enum import StrEnum

from streamcore.api.aws.iam.entities import page_of, policy_shape
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Page, Paged, PathPrefix, PolicyShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp
from streamcore.identity.values import CustomerPolicy
from streamcore.model.iam.managed import ManagedPolicy, managed_policies


class Scope(StrEnum):
    ALL = "All"
    AWS = "AWS"
    LOCAL = "Local"


class Usage(StrEnum):
    POLICY = "PermissionsPolicy"
    BOUNDARY = "PermissionsBoundary"


class ListPoliciesInput(Paged, frozen=True, kw_only=True):
    scope: Scope | None = None
    only_attached: bool | None = None
    path_prefix: PathPrefix | None = None
    policy_usage_filter: Usage | None = None


class ListPoliciesOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    policies: list[PolicyShape]


@IAM.action("ListPolicies")
async def list_policies(app: IdentityApp, call: Call, input_: ListPoliciesInput) -> ListPoliciesOutput:
    """Those of the account, those of AWS, or both."""
    found: list[CustomerPolicy | ManagedPolicy] = []
    if input_.scope is not Scope.AWS:
        found += app.identities.policies.of(call.scope.account)
    if input_.scope is not Scope.LOCAL:
        found += managed_policies().values()
    prefix = input_.path_prefix or "/"
    shapes = [policy_shape(app, call, each, whole=False) for each in found if each.path.startswith(prefix)]
    page, marker = page_of([each for each in shapes if _is_wanted(each, input_)], input_)
    return ListPoliciesOutput(policies=page, is_truncated=marker is not None, marker=marker)


def _is_wanted(policy: PolicyShape, input_: ListPoliciesInput) -> bool:
    used, bounds = policy.attachment_count, policy.permissions_boundary_usage_count
    if input_.policy_usage_filter is Usage.POLICY:
        return used > 0
    if input_.policy_usage_filter is Usage.BOUNDARY:
        return bounds > 0
    return not input_.only_attached or used > 0
