"""CreateStream: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from streamcore.api.aws.kinesis.changes import check_commitment, check_on_demand_count
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamModeDetails, StreamName
from streamcore.api.aws.kinesis.tags import Tags
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, number
from streamcore.errors import InvalidArgument, LimitExceeded
from streamcore.model import limits
from streamcore.model.control import tagged
from streamcore.model.ondemand import check_warm
from streamcore.model.reshard import check_account_shards, too_many_shards
from streamcore.model.stream import StreamMode, StreamStatus

#: "Have more than five streams in the CREATING state at any point in time" (API reference).
CREATING_MAX: Final = 5
#: What real Kinesis makes when ShardCount is left out (facts sheet 1.2).
SHARDS_DEFAULT: Final = 4


class RecordDistributionStrategy(StrEnum):
    AUTO = "AUTO"
    USER_PARTITION_KEY = "USER_PARTITION_KEY"


class CreateStreamInput(Shape, frozen=True, kw_only=True):
    shard_count: Annotated[int, number(1)] | None = None
    stream_mode_details: StreamModeDetails | None = None
    tags: Tags | None = None
    warm_throughput_mibps: Annotated[int, number(0)] | None = None
    max_record_size_in_kib: Annotated[int, number(1024, 10240)] | None = None
    record_distribution_strategy: RecordDistributionStrategy | None = None
    stream_name: StreamName


@KINESIS.action("CreateStream")
async def create_stream(call: Call, input_: CreateStreamInput) -> None:
    """Starts the making of a stream; it is CREATING on return and ACTIVE a little later."""
    _check_offered(input_)
    _check_limits(call, input_)
    mode = _mode(input_)
    kib = input_.max_record_size_in_kib
    await call.broker.create_stream(
        input_.stream_name,
        shards=input_.shard_count or SHARDS_DEFAULT,
        scope=call.scope,
        mode=mode,
        max_record_bytes=limits.RECORD_MAX_BYTES_DEFAULT if kib is None else kib * limits.KIB,
        tags=input_.tags and tagged({}, input_.tags, f"stream {input_.stream_name} under account {call.scope.account}"),
        warm_throughput_mibps=input_.warm_throughput_mibps or 0,
        wait=False,
    )


def _mode(input_: CreateStreamInput) -> StreamMode:
    details = input_.stream_mode_details
    return StreamMode.PROVISIONED if details is None else details.stream_mode


def _check_offered(input_: CreateStreamInput) -> None:
    """Refuses what would otherwise be accepted and have no effect."""
    mode = _mode(input_)
    if mode is StreamMode.ON_DEMAND and input_.shard_count is not None:
        raise InvalidArgument("ShardCount cannot be specified for a stream in ON_DEMAND mode.")
    if mode is StreamMode.PROVISIONED and input_.warm_throughput_mibps:
        raise InvalidArgument("WarmThroughputMiBps cannot be specified for a stream in PROVISIONED mode.")
    if input_.record_distribution_strategy is RecordDistributionStrategy.AUTO:
        raise InvalidArgument("RecordDistributionStrategy AUTO is not available; use USER_PARTITION_KEY.")


def _check_limits(call: Call, input_: CreateStreamInput) -> None:
    scope, broker = call.scope, call.broker
    streams = broker.list_streams(scope)
    if sum(stream.status is StreamStatus.CREATING for stream in streams) >= CREATING_MAX:
        raise LimitExceeded(f"Account {scope.account} has {CREATING_MAX} streams in state CREATING already.")
    if _mode(input_) is StreamMode.PROVISIONED:
        count = input_.shard_count or SHARDS_DEFAULT
        check_account_shards(scope, broker.open_shards(scope), count, broker.settings.shard_quota)
        if count > limits.SHARDS_MAX_PER_STREAM:
            raise too_many_shards(input_.stream_name, scope, count)
        return
    check_on_demand_count(call, scope)
    if input_.warm_throughput_mibps:
        check_commitment(call, scope)
        check_warm(input_.warm_throughput_mibps)
