"""DeregisterStreamConsumer: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeregisterStreamConsumer.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.consumers import ConsumerARN, ConsumerName, consumer_of
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape


class DeregisterStreamConsumerInput(Shape, frozen=True, kw_only=True):
    stream_arn: StreamARN | None = None
    consumer_name: ConsumerName | None = None
    consumer_arn: ConsumerARN | None = None


@KINESIS.action("DeregisterStreamConsumer")
async def deregister_stream_consumer(call: Call, input_: DeregisterStreamConsumerInput) -> None:
    """Ends a consumer's subscriptions and starts its removal."""
    consumer, stream, scope = consumer_of(call, input_)
    await call.broker.deregister_consumer(consumer, stream, scope=scope, wait=False)
