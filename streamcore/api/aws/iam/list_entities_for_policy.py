"""ListEntitiesForPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html"""

from __future__ import annotations

from typing import Annotated

from streamcore.api.aws.iam.entities import any_policy, attached_to, page_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, IamShape, Page, Paged, PathPrefix
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import matching
from streamcore.identity.app import IdentityApp


class ListEntitiesForPolicyInput(Paged, frozen=True, kw_only=True):
    policy_arn: Arn
    entity_filter: Annotated[str, matching(r"User|Role|Group|LocalManagedPolicy|AWSManagedPolicy")] | None = None
    path_prefix: PathPrefix | None = None


class PolicyUser(IamShape, frozen=True, kw_only=True):
    user_name: str
    user_id: str


class PolicyGroup(IamShape, frozen=True, kw_only=True):
    group_name: str
    group_id: str


class PolicyRole(IamShape, frozen=True, kw_only=True):
    role_name: str
    role_id: str


class ListEntitiesForPolicyOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    policy_groups: list[PolicyGroup]
    policy_users: list[PolicyUser]
    policy_roles: list[PolicyRole]


@IAM.action("ListEntitiesForPolicy")
async def list_entities_for_policy(
    app: IdentityApp, call: Call, input_: ListEntitiesForPolicyInput
) -> ListEntitiesForPolicyOutput:
    """Who has a managed policy."""
    any_policy(app, call, input_.policy_arn)
    prefix, wanted = input_.path_prefix or "/", input_.entity_filter
    found = [each for each in attached_to(app.identities, call.scope.account, input_.policy_arn)
             if each.path.startswith(prefix) and wanted in (None, each.kind.capitalize())]  # fmt: skip
    page, marker = page_of(found, input_)
    return ListEntitiesForPolicyOutput(
        policy_groups=[PolicyGroup(group_name=each.name, group_id=each.id) for each in page if each.kind == "group"],
        policy_users=[PolicyUser(user_name=each.name, user_id=each.id) for each in page if each.kind == "user"],
        policy_roles=[PolicyRole(role_name=each.name, role_id=each.id) for each in page if each.kind == "role"],
        is_truncated=marker is not None,
        marker=marker,
    )
