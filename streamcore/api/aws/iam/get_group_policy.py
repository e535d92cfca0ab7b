"""GetGroupPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroupPolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import group_of, inline_of, quoted
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import GroupName, IamShape, PolicyName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class GetGroupPolicyInput(IamShape, frozen=True, kw_only=True):
    group_name: GroupName
    policy_name: PolicyName


class GetGroupPolicyOutput(IamShape, frozen=True, kw_only=True):
    group_name: str
    policy_name: str
    policy_document: str


@IAM.action("GetGroupPolicy")
async def get_group_policy(app: IdentityApp, call: Call, input_: GetGroupPolicyInput) -> GetGroupPolicyOutput:
    group = group_of(app, call, input_.group_name)
    document = quoted(inline_of(group, input_.policy_name))
    return GetGroupPolicyOutput(group_name=group.name, policy_name=input_.policy_name, policy_document=document)
