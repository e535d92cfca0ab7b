"""CreateStream: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from streamcore.api.aws.kinesis.shapes import KINESIS, StreamModeDetails, StreamName
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, number, text
from streamcore.errors import InvalidArgument, LimitExceeded
from streamcore.model import limits
from streamcore.model.stream import StreamMode, StreamStatus

#: "Have more than five streams in the CREATING state at any point in time" (API reference).
CREATING_MAX: Final = 5
#: What real Kinesis makes when ShardCount is left out (facts sheet 1.2).
SHARDS_DEFAULT: Final = 4
TAGS_MAX: Final = 50


class RecordDistributionStrategy(StrEnum):
    AUTO = "AUTO"
    USER_PARTITION_KEY = "USER_PARTITION_KEY"


TagKey = Annotated[str, text(1, 128)]
TagValue = Annotated[str, text(0, 256)]


class CreateStreamInput(Shape, frozen=True, kw_only=True):
    shard_count: Annotated[int, number(1)] | None = None
    stream_mode_details: StreamModeDetails | None = None
    tags: Annotated[dict[TagKey, TagValue], msgspec.Meta(min_length=1, max_length=200)] | None = None
    warm_throughput_mibps: Annotated[int, number(0)] | None = None
    max_record_size_in_kib: Annotated[int, number(1024, 10240)] | None = None
    record_distribution_strategy: RecordDistributionStrategy | None = None
    stream_name: StreamName


@KINESIS.action("CreateStream")
async def create_stream(call: Call, input_: CreateStreamInput) -> None:
    """Starts the making of a stream; it is CREATING on return and ACTIVE a little later."""
    _check_offered(input_)
    _check_limits(call, input_)
    details = input_.stream_mode_details
    kib = input_.max_record_size_in_kib
    await call.broker.create_stream(
        input_.stream_name,
        shards=input_.shard_count or SHARDS_DEFAULT,
        scope=call.scope,
        mode=StreamMode.PROVISIONED if details is None else details.stream_mode,
        max_record_bytes=limits.RECORD_MAX_BYTES_DEFAULT if kib is None else kib * limits.KIB,
        tags=input_.tags,
        wait=False,
    )


def _check_offered(input_: CreateStreamInput) -> None:
    """Refuses what would otherwise be accepted and have no effect."""
    details = input_.stream_mode_details
    if details is not None and details.stream_mode is StreamMode.ON_DEMAND and input_.shard_count is not None:
        raise InvalidArgument("ShardCount cannot be specified for a stream in ON_DEMAND mode.")
    if input_.warm_throughput_mibps:
        raise InvalidArgument(
            "WarmThroughputMiBps requires MinimumThroughputBillingCommitment, which is not enabled for the account."
        )
    if input_.record_distribution_strategy is RecordDistributionStrategy.AUTO:
        raise InvalidArgument("RecordDistributionStrategy AUTO is not available; use USER_PARTITION_KEY.")


def _check_limits(call: Call, input_: CreateStreamInput) -> None:
    if len(input_.tags or {}) > TAGS_MAX:
        raise InvalidArgument(
            f"Failed to add tags to stream {input_.stream_name} under account {call.scope.account} because a given "
            f"stream cannot have more than {TAGS_MAX} tags associated with it."
        )
    if (input_.shard_count or 0) > limits.SHARDS_MAX_PER_STREAM:
        raise LimitExceeded(
            f"This request would exceed the shard limit for the account {call.scope.account} in {call.scope.region}. "
            f"Limit: {limits.SHARDS_MAX_PER_STREAM}. "
            f"Number of additional shards that would have resulted from this request: {input_.shard_count}."
        )
    streams = call.broker.list_streams(call.scope)
    if sum(stream.status is StreamStatus.CREATING for stream in streams) >= CREATING_MAX:
        raise LimitExceeded(f"Account {call.scope.account} has {CREATING_MAX} streams in state CREATING already.")
