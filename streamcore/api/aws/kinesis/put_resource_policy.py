"""PutResourcePolicy: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutResourcePolicy.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.resources import ResourceARN, set_resource_policy
from streamcore.api.aws.kinesis.shapes import KINESIS
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.errors import InvalidArgument


class PutResourcePolicyInput(Shape, frozen=True, kw_only=True):
    resource_arn: ResourceARN
    policy: str


@KINESIS.action("PutResourcePolicy")
async def put_resource_policy(call: Call, input_: PutResourcePolicyInput) -> None:
    """Keeps a policy in the place of the one there was. It is acted on where authentication is on."""
    if call.grant is not None:
        from streamcore.model.iam.document import PolicyError, PolicyKind, read_policy

        try:
            read_policy(input_.policy, PolicyKind.RESOURCE)
        except PolicyError as error:
            raise InvalidArgument(f"The resource policy is not valid: {error}") from None
    await set_resource_policy(call, input_.resource_arn, input_.policy)
