"""ListAttachedGroupPolicies: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedGroupPolicies.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import attached_list, group_of, page_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import AttachedPolicy, GroupName, Page, Paged, PathPrefix
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListAttachedGroupPoliciesInput(Paged, frozen=True, kw_only=True):
    group_name: GroupName
    path_prefix: PathPrefix | None = None


class ListAttachedGroupPoliciesOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    attached_policies: list[AttachedPolicy]


@IAM.action("ListAttachedGroupPolicies")
async def list_attached_group_policies(
    app: IdentityApp, call: Call, input_: ListAttachedGroupPoliciesInput
) -> ListAttachedGroupPoliciesOutput:
    """Managed policies; inline ones are in ListGroupPolicies."""
    group = group_of(app, call, input_.group_name)
    page, marker = page_of(attached_list(group, input_.path_prefix), input_)
    return ListAttachedGroupPoliciesOutput(attached_policies=page, is_truncated=marker is not None, marker=marker)
