"""Kinesis: the service's registry, and the types and shapes that several actions share.

Constraints are those of the API reference (botocore kinesis/2013-12-02 is the referee in the tests). Every action that
is about a stream takes its name, its ARN, or both; `StreamId` is reserved by AWS and not looked at.
"""

from __future__ import annotations

from typing import Annotated, Final, Protocol

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.service import Call, Service
from streamcore.api.aws.shapes import Shape, Timestamp, matching, text
from streamcore.errors import InvalidArgument
from streamcore.model.stream import Scope, ShardInfo, StreamInfo, StreamMode, parse_shard_id, parse_stream_arn, shard_id

KINESIS: Final = Service("kinesis", target_prefix="Kinesis_20131202")

StreamName = Annotated[str, text(1, 128, r"[a-zA-Z0-9_.-]+")]
StreamARN = Annotated[str, text(1, 2048, r"arn:aws.*:kinesis:.*:\d{12}:stream/\S+")]
ShardId = Annotated[str, text(1, 128, r"[a-zA-Z0-9_.-]+")]
SequenceNumber = Annotated[str, matching(r"0|([1-9]\d{0,128})")]
HashKey = Annotated[str, matching(r"0|([1-9]\d{0,38})")]
PartitionKey = Annotated[str, text(1, 256)]


class Addressed(Protocol):
    """An input that says which stream it is about."""

    @property
    def stream_name(self) -> str | None: ...

    @property
    def stream_arn(self) -> str | None: ...


def stream_of(call: Call, input_: Addressed) -> tuple[str, Scope]:
    """Name and scope of the stream that an input is about; an ARN brings its own scope.

    Raises InvalidArgument when the input names none, or two different ones.
    """
    if input_.stream_arn is None:
        if input_.stream_name is None:
            raise InvalidArgument("Either StreamName or StreamARN should be provided.")
        return input_.stream_name, call.scope
    scope, name = parse_stream_arn(input_.stream_arn)
    if input_.stream_name not in (None, name):
        raise InvalidArgument(f"StreamName {input_.stream_name} is not the stream of StreamARN {input_.stream_arn}.")
    return name, scope


def find_stream(call: Call, input_: Addressed) -> StreamInfo:
    """The stream that an input is about. Raises InvalidArgument, StreamNotFound."""
    name, scope = stream_of(call, input_)
    return call.broker.describe_stream(name, scope=scope)


def dry_run() -> AwsError:
    """The answer to a request with `DryRun` that would have succeeded."""
    return AwsError(
        "DryRunOperationException", 400, "The request was rejected because the DryRun parameter was specified."
    )


class StreamModeDetails(Shape, frozen=True, kw_only=True):
    stream_mode: StreamMode


class HashKeyRange(Shape, frozen=True, kw_only=True, gc=False):
    starting_hash_key: str
    ending_hash_key: str


class SequenceNumberRange(Shape, frozen=True, kw_only=True, gc=False):
    starting_sequence_number: str
    ending_sequence_number: str | None = None


class Shard(Shape, frozen=True, kw_only=True, gc=False):
    """A shard as DescribeStream and ListShards tell it."""

    shard_id: str
    parent_shard_id: str | None = None
    adjacent_parent_shard_id: str | None = None
    hash_key_range: HashKeyRange
    sequence_number_range: SequenceNumberRange


class EnhancedMetrics(Shape, frozen=True, kw_only=True):
    shard_level_metrics: tuple[str, ...]


def hash_key_range(shard: ShardInfo) -> HashKeyRange:
    return HashKeyRange(starting_hash_key=shard.first_hash_key, ending_hash_key=shard.last_hash_key)


def shard_shape(shard: ShardInfo) -> Shard:
    return Shard(
        shard_id=shard.shard_id,
        parent_shard_id=None if shard.parent is None else shard_id(shard.parent),
        adjacent_parent_shard_id=None if shard.adjacent_parent is None else shard_id(shard.adjacent_parent),
        hash_key_range=hash_key_range(shard),
        sequence_number_range=SequenceNumberRange(
            starting_sequence_number=shard.starting_sequence, ending_sequence_number=shard.ending_sequence
        ),
    )


def encryption_type(stream: StreamInfo) -> str:
    """`KMS` once a key was set, else `NONE`."""
    return "NONE" if stream.encryption_key is None else "KMS"


def creation(stream: StreamInfo) -> Timestamp:
    return Timestamp(stream.created_ms)


def number_of(shard: str | None) -> int:
    """The number in a shard id, -1 for none. Raises InvalidArgument."""
    if shard is None:
        return -1
    number = parse_shard_id(shard)
    if number is None:
        raise InvalidArgument(f"{shard} is not a valid ShardId.")
    return number
