"""DescribeStream: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStream.html"""

from __future__ import annotations

from typing import Annotated, Final

from streamcore.api.aws.kinesis.shapes import (
    KINESIS,
    EnhancedMetrics,
    Shard,
    ShardId,
    StreamARN,
    StreamModeDetails,
    StreamName,
    creation,
    encryption_type,
    find_stream,
    number_of,
    shard_shape,
)
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, Timestamp, number
from streamcore.model.stream import ShardInfo, StreamInfo, StreamStatus

#: Default, and what any larger Limit means.
PAGE_SHARDS: Final = 100


class DescribeStreamInput(Shape, frozen=True, kw_only=True):
    limit: Annotated[int, number(1, 10_000)] | None = None
    exclusive_start_shard_id: ShardId | None = None
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


class StreamDescription(Shape, frozen=True, kw_only=True):
    stream_name: str
    stream_arn: str
    stream_status: StreamStatus
    stream_mode_details: StreamModeDetails
    shards: list[Shard]
    has_more_shards: bool
    retention_period_hours: int
    stream_creation_timestamp: Timestamp
    enhanced_monitoring: list[EnhancedMetrics]
    encryption_type: str
    key_id: str | None = None


class DescribeStreamOutput(Shape, frozen=True, kw_only=True):
    stream_description: StreamDescription


@KINESIS.action("DescribeStream")
async def describe_stream(call: Call, input_: DescribeStreamInput) -> DescribeStreamOutput:
    """A stream with a page of its shards. While it is CREATING it shows none (facts sheet 1.2)."""
    stream = find_stream(call, input_)
    shards: list[ShardInfo] = []
    if stream.status is not StreamStatus.CREATING:
        after = number_of(input_.exclusive_start_shard_id)
        shards = [shard for shard in stream.listed_shards(call.broker.clock.now_ms()) if shard.number > after]
    page = shards[: min(input_.limit or PAGE_SHARDS, PAGE_SHARDS)]
    return DescribeStreamOutput(stream_description=_description(stream, page, len(page) < len(shards)))


def _description(stream: StreamInfo, page: list[ShardInfo], has_more: bool) -> StreamDescription:
    return StreamDescription(
        stream_name=stream.name,
        stream_arn=stream.arn,
        stream_status=stream.status,
        stream_mode_details=StreamModeDetails(stream_mode=stream.mode),
        shards=[shard_shape(shard) for shard in page],
        has_more_shards=has_more,
        retention_period_hours=stream.retention_hours,
        stream_creation_timestamp=creation(stream),
        enhanced_monitoring=[EnhancedMetrics(shard_level_metrics=stream.shard_metrics)],
        encryption_type=encryption_type(stream),
        key_id=stream.encryption_key,
    )
