"""DeleteResourcePolicy: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteResourcePolicy.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.resources import ResourceARN, set_resource_policy
from streamcore.api.aws.kinesis.shapes import KINESIS
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape


class DeleteResourcePolicyInput(Shape, frozen=True, kw_only=True):
    resource_arn: ResourceARN


@KINESIS.action("DeleteResourcePolicy")
async def delete_resource_policy(call: Call, input_: DeleteResourcePolicyInput) -> None:
    """Removes the policy, if there is one."""
    await set_resource_policy(call, input_.resource_arn, None)
