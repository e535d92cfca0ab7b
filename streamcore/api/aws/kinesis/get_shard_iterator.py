"""GetShardIterator: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.shapes import (
    KINESIS,
    SequenceNumber,
    ShardId,
    StreamARN,
    StreamName,
    dry_run,
    stream_of,
)
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, Timestamp
from streamcore.errors import InvalidArgument, ResourceNotFound, ShardNotFound, StreamNotFound
from streamcore.model.iterator import IteratorType
from streamcore.model.stream import Scope, parse_shard_id, shard_id

_BY_NUMBER = (IteratorType.AT_SEQUENCE_NUMBER, IteratorType.AFTER_SEQUENCE_NUMBER)


class GetShardIteratorInput(Shape, frozen=True, kw_only=True):
    shard_id: ShardId
    shard_iterator_type: IteratorType
    starting_sequence_number: SequenceNumber | None = None
    timestamp: Timestamp | None = None
    dry_run: bool | None = None
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


class GetShardIteratorOutput(Shape, frozen=True, kw_only=True):
    shard_iterator: str


@KINESIS.action("GetShardIterator")
async def get_shard_iterator(call: Call, input_: GetShardIteratorInput) -> GetShardIteratorOutput:
    """A place to read from, good for 300 seconds."""
    name, scope = stream_of(call, input_)
    shard = _shard(input_.shard_id, name, scope)
    _check_start(input_)
    try:
        index = await call.broker.position(
            name,
            shard,
            input_.shard_iterator_type,
            sequence_number=input_.starting_sequence_number,
            timestamp_ms=None if input_.timestamp is None else input_.timestamp.ms,
            scope=scope,
        )
        token = await call.broker.issue_iterator(name, shard, index, scope=scope)
    except StreamNotFound:
        # Real Kinesis does not tell a missing stream from a missing shard here.
        raise ShardNotFound(shard=shard, stream=name, account=scope.account) from None
    if input_.dry_run:
        raise dry_run()
    return GetShardIteratorOutput(shard_iterator=token)


def _shard(text: str, stream: str, scope: Scope) -> str:
    """The shard's id in full: `3` and `shardId-3` are understood. Raises ResourceNotFound for what is no id."""
    number = parse_shard_id(text)
    if number is None or number > 2**31 - 1:
        raise ResourceNotFound(f"Could not find shard {text} in stream {stream} under account {scope.account}.")
    return shard_id(number)


def _check_start(input_: GetShardIteratorInput) -> None:
    """A sequence number goes with the types that are about one, and only with them."""
    kind = input_.shard_iterator_type
    given = input_.starting_sequence_number is not None
    if kind is IteratorType.AT_TIMESTAMP:
        if given:
            raise InvalidArgument("StartingSequenceNumber cannot be used with ShardIteratorType AT_TIMESTAMP.")
        return
    if input_.timestamp is not None:
        raise InvalidArgument(f"Timestamp cannot be used with ShardIteratorType {kind}.")
    if given != (kind in _BY_NUMBER):
        found = "also a" if given else "no"
        raise InvalidArgument(
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "
            "(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "
            f"Request specified {kind} and {found} StartingSequenceNumber."
        )
