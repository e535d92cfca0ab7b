"""SubscribeToShard: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html

The answer is an event stream that lasts up to five minutes; `streamcore.engine.fanout` has its rules.
"""

from __future__ import annotations

from typing import Any, Final

import cbor2
import msgspec

from streamcore.api.aws.kinesis.consumers import ConsumerARN
from streamcore.api.aws.kinesis.get_records import ChildShard, cbor_records, child_shards, json_records
from streamcore.api.aws.kinesis.shapes import KINESIS, SequenceNumber, ShardId, dry_run
from streamcore.api.aws.service import Call, EventStream
from streamcore.api.aws.shapes import Shape, Timestamp
from streamcore.broker import Broker, FanoutEvent, Subscription
from streamcore.errors import InvalidArgument, ResourceNotFound
from streamcore.model.consumer import parse_consumer_arn
from streamcore.model.iterator import IteratorType
from streamcore.model.stream import parse_shard_id, shard_id

_BY_NUMBER: Final = (IteratorType.AT_SEQUENCE_NUMBER, IteratorType.AFTER_SEQUENCE_NUMBER)


class StartingPosition(Shape, frozen=True, kw_only=True):
    type: IteratorType
    sequence_number: SequenceNumber | None = None
    timestamp: Timestamp | None = None


class SubscribeToShardInput(Shape, frozen=True, kw_only=True):
    consumer_arn: ConsumerARN
    shard_id: ShardId
    starting_position: StartingPosition
    dry_run: bool | None = None


class _Body(msgspec.Struct, rename="pascal"):
    records: list[Any]
    continuation_sequence_number: str | msgspec.UnsetType
    millis_behind_latest: int
    child_shards: list[ChildShard] | msgspec.UnsetType


_ENCODER: Final = msgspec.json.Encoder()


class SubscribeToShardEvent:
    """An event; its records are encoded as in GetRecords."""

    __slots__ = ("_event", "_is_encrypted")

    def __init__(self, event: FanoutEvent, is_encrypted: bool) -> None:
        self._event = event
        self._is_encrypted = is_encrypted

    def to_json(self) -> bytes:
        result, continuation = self._event
        return _ENCODER.encode(
            _Body(
                records=json_records(result, self._is_encrypted),
                continuation_sequence_number=continuation or msgspec.UNSET,
                millis_behind_latest=result.millis_behind,
                child_shards=child_shards(result) or msgspec.UNSET,
            )
        )

    def to_cbor(self) -> bytes:
        result, continuation = self._event
        event: dict[str, Any] = {
            "Records": cbor_records(result, self._is_encrypted),
            "MillisBehindLatest": result.millis_behind,
        }
        if continuation is not None:
            event["ContinuationSequenceNumber"] = continuation
        if result.child_shards:
            event["ChildShards"] = msgspec.to_builtins(child_shards(result))
        return cbor2.dumps(event)


class _Events:
    """The events of a subscription, for the wire; closes it."""

    def __init__(self, subscription: Subscription, broker: Broker, stream_arn: str) -> None:
        self._subscription = subscription
        self._broker = broker
        self._stream_arn = stream_arn

    def __aiter__(self) -> _Events:
        return self

    async def __anext__(self) -> tuple[str, SubscribeToShardEvent]:
        event = await anext(self._subscription)
        is_encrypted = self._broker.describe_stream(self._stream_arn).encryption_key is not None
        return "SubscribeToShardEvent", SubscribeToShardEvent(event, is_encrypted)

    async def aclose(self) -> None:
        await self._subscription.aclose()


@KINESIS.action("SubscribeToShard")
async def subscribe_to_shard(call: Call, input_: SubscribeToShardInput) -> EventStream:
    """Pushes a shard's records to a registered consumer as they are committed."""
    start = input_.starting_position
    _check_start(start)
    where: dict[str, Any] = {
        "sequence_number": start.sequence_number,
        "timestamp_ms": None if start.timestamp is None else start.timestamp.ms,
    }
    broker, shard = call.broker, _shard(input_)
    consumer = broker.describe_consumer(input_.consumer_arn)
    if input_.dry_run:
        consumer.check_active()
        await broker.position(consumer.stream_arn, shard, start.type, **where)
        raise dry_run()
    subscription = await broker.subscribe_to_shard(input_.consumer_arn, shard, start.type, **where)
    return EventStream(_Events(subscription, broker, consumer.stream_arn))


def _shard(input_: SubscribeToShardInput) -> str:
    """The shard's id in full: `3` and `shardId-3` are understood. Raises ResourceNotFound for what is no id."""
    number = parse_shard_id(input_.shard_id)
    if number is None:
        scope, stream, *_ = parse_consumer_arn(input_.consumer_arn)
        raise ResourceNotFound(
            f"Could not find shard {input_.shard_id} in stream {stream} under account {scope.account}."
        )
    return shard_id(number)


def _check_start(start: StartingPosition) -> None:
    """A number or a time goes with the types that are about one, and only with them."""
    if (start.sequence_number is not None) != (start.type in _BY_NUMBER):
        must = "must" if start.type in _BY_NUMBER else "cannot"
        raise InvalidArgument(f"SequenceNumber {must} be provided in a StartingPosition of type {start.type}.")
    if (start.timestamp is not None) != (start.type is IteratorType.AT_TIMESTAMP):
        must = "must" if start.type is IteratorType.AT_TIMESTAMP else "cannot"
        raise InvalidArgument(f"Timestamp {must} be provided in a StartingPosition of type {start.type}.")
