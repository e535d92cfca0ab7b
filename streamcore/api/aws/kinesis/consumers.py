"""What the actions about registered consumers share: how one is named, and how it is told."""

from __future__ import annotations

from typing import Annotated, Protocol

from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, Timestamp, text
from streamcore.errors import InvalidArgument
from streamcore.model.consumer import ConsumerInfo, ConsumerStatus, parse_consumer_arn
from streamcore.model.stream import Scope, parse_stream_arn

ConsumerName = Annotated[str, text(1, 128, r"[a-zA-Z0-9_.-]+")]
ConsumerARN = Annotated[
    str, text(1, 2048, r"^(arn):aws.*:kinesis:.*:\d{12}:.*stream\/[a-zA-Z0-9_.-]+\/consumer\/[a-zA-Z0-9_.-]+:[0-9]+")
]


class Consumer(Shape, frozen=True, kw_only=True):
    """A consumer as RegisterStreamConsumer and ListStreamConsumers tell it."""

    consumer_name: str
    consumer_arn: str
    consumer_status: ConsumerStatus
    consumer_creation_timestamp: Timestamp


def consumer_shape(info: ConsumerInfo) -> Consumer:
    return Consumer(
        consumer_name=info.name,
        consumer_arn=info.arn,
        consumer_status=info.status,
        consumer_creation_timestamp=Timestamp(info.created_ms),
    )


class NamesConsumer(Protocol):
    """An input that says which consumer it is about."""

    @property
    def consumer_arn(self) -> str | None: ...

    @property
    def consumer_name(self) -> str | None: ...

    @property
    def stream_arn(self) -> str | None: ...


def consumer_of(call: Call, input_: NamesConsumer) -> tuple[str, str | None, Scope]:
    """(consumer, stream, scope) as the broker takes them: a consumer's ARN alone, or its name with its stream.

    Raises InvalidArgument when the input names none, or two different ones.
    """
    arn, name, stream_arn = input_.consumer_arn, input_.consumer_name, input_.stream_arn
    if arn is None:
        if name is None or stream_arn is None:
            raise InvalidArgument("Either ConsumerARN, or StreamARN together with ConsumerName, should be provided.")
        scope, stream = parse_stream_arn(stream_arn)
        return name, stream, scope
    parsed = parse_consumer_arn(arn)
    if name not in (None, parsed.name):
        raise InvalidArgument(f"ConsumerName {name} is not the consumer of ConsumerARN {arn}.")
    if stream_arn is not None and parse_stream_arn(stream_arn) != (parsed.scope, parsed.stream):
        raise InvalidArgument(f"StreamARN {stream_arn} is not the stream of ConsumerARN {arn}.")
    return arn, None, parsed.scope
