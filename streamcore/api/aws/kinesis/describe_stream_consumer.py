"""DescribeStreamConsumer: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamConsumer.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.consumers import Consumer, ConsumerARN, ConsumerName, consumer_of
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, Timestamp


class DescribeStreamConsumerInput(Shape, frozen=True, kw_only=True):
    stream_arn: StreamARN | None = None
    consumer_name: ConsumerName | None = None
    consumer_arn: ConsumerARN | None = None


class ConsumerDescription(Consumer, frozen=True, kw_only=True):
    stream_arn: str


class DescribeStreamConsumerOutput(Shape, frozen=True, kw_only=True):
    consumer_description: ConsumerDescription


@KINESIS.action("DescribeStreamConsumer")
async def describe_stream_consumer(call: Call, input_: DescribeStreamConsumerInput) -> DescribeStreamConsumerOutput:
    """One consumer, by its ARN or by its name and stream."""
    consumer, stream, scope = consumer_of(call, input_)
    info = call.broker.describe_consumer(consumer, stream, scope=scope)
    return DescribeStreamConsumerOutput(
        consumer_description=ConsumerDescription(
            consumer_name=info.name,
            consumer_arn=info.arn,
            consumer_status=info.status,
            consumer_creation_timestamp=Timestamp(info.created_ms),
            stream_arn=info.stream_arn,
        )
    )
