"""ListAttachedUserPolicies: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedUserPolicies.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import attached_list, page_of, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import AttachedPolicy, ExistingUserName, Page, Paged, PathPrefix
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class ListAttachedUserPoliciesInput(Paged, frozen=True, kw_only=True):
    user_name: ExistingUserName
    path_prefix: PathPrefix | None = None


class ListAttachedUserPoliciesOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    attached_policies: list[AttachedPolicy]


@IAM.action("ListAttachedUserPolicies")
async def list_attached_user_policies(
    app: IdentityApp, call: Call, input_: ListAttachedUserPoliciesInput
) -> ListAttachedUserPoliciesOutput:
    """Managed policies; inline ones are in ListUserPolicies."""
    user = user_of(app, call, input_.user_name)
    page, marker = page_of(attached_list(user, input_.path_prefix), input_)
    return ListAttachedUserPoliciesOutput(attached_policies=page, is_truncated=marker is not None, marker=marker)
