"""GetResourcePolicy: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetResourcePolicy.html"""

from __future__ import annotations

from typing import Final

from streamcore.api.aws.kinesis.resources import ResourceARN, policy_of
from streamcore.api.aws.kinesis.shapes import KINESIS
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape

#: What the service answers when no policy was put (facts sheet 1.2).
NO_POLICY: Final = "{}"


class GetResourcePolicyInput(Shape, frozen=True, kw_only=True):
    resource_arn: ResourceARN


class GetResourcePolicyOutput(Shape, frozen=True, kw_only=True):
    policy: str


@KINESIS.action("GetResourcePolicy")
async def get_resource_policy(call: Call, input_: GetResourcePolicyInput) -> GetResourcePolicyOutput:
    """The policy as it was put."""
    return GetResourcePolicyOutput(policy=policy_of(call, input_.resource_arn) or NO_POLICY)
