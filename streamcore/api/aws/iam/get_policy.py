"""GetPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import any_policy, policy_shape
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, IamShape, PolicyShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class GetPolicyInput(IamShape, frozen=True, kw_only=True):
    policy_arn: Arn


class GetPolicyOutput(IamShape, frozen=True, kw_only=True):
    policy: PolicyShape


@IAM.action("GetPolicy")
async def get_policy(app: IdentityApp, call: Call, input_: GetPolicyInput) -> GetPolicyOutput:
    """Of AWS or of the account."""
    return GetPolicyOutput(policy=policy_shape(app, call, any_policy(app, call, input_.policy_arn)))
