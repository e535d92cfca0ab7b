"""RegisterStreamConsumer: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RegisterStreamConsumer.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.consumers import Consumer, ConsumerName, consumer_shape
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN
from streamcore.api.aws.kinesis.tags import Tags
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.errors import InvalidArgument
from streamcore.model.consumer import TAGS_MAX
from streamcore.model.stream import parse_stream_arn


class RegisterStreamConsumerInput(Shape, frozen=True, kw_only=True):
    stream_arn: StreamARN
    consumer_name: ConsumerName
    tags: Tags | None = None


class RegisterStreamConsumerOutput(Shape, frozen=True, kw_only=True):
    consumer: Consumer


@KINESIS.action("RegisterStreamConsumer")
async def register_stream_consumer(call: Call, input_: RegisterStreamConsumerInput) -> RegisterStreamConsumerOutput:
    """Starts the making of a consumer; it is CREATING on return and ACTIVE a little later."""
    if len(input_.tags or {}) > TAGS_MAX:
        raise InvalidArgument(
            f"Failed to add tags to consumer {input_.consumer_name} under stream {input_.stream_arn} because a given "
            f"consumer cannot have more than {TAGS_MAX} tags associated with it."
        )
    broker, (scope, _) = call.broker, parse_stream_arn(input_.stream_arn)
    info = await broker.register_consumer(
        input_.stream_arn,
        input_.consumer_name,
        tags=input_.tags,
        on_demand_advantage=broker.commitment(scope).is_in_force(broker.clock.now_ms()),
        scope=call.scope,
        wait=False,
    )
    return RegisterStreamConsumerOutput(consumer=consumer_shape(info))
