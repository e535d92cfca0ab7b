"""GetUserPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUserPolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import inline_of, quoted, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, IamShape, PolicyName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class GetUserPolicyInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName
    policy_name: PolicyName


class GetUserPolicyOutput(IamShape, frozen=True, kw_only=True):
    user_name: str
    policy_name: str
    policy_document: str


@IAM.action("GetUserPolicy")
async def get_user_policy(app: IdentityApp, call: Call, input_: GetUserPolicyInput) -> GetUserPolicyOutput:
    user = user_of(app, call, input_.user_name)
    document = quoted(inline_of(user, input_.policy_name))
    return GetUserPolicyOutput(user_name=user.name, policy_name=input_.policy_name, policy_document=document)
