"""DescribeStreamSummary: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.shapes import (
    KINESIS,
    EnhancedMetrics,
    StreamARN,
    StreamModeDetails,
    StreamName,
    creation,
    encryption_type,
    find_stream,
)
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, Timestamp
from streamcore.model import limits
from streamcore.model.stream import StreamInfo, StreamStatus


class DescribeStreamSummaryInput(Shape, frozen=True, kw_only=True):
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


class WarmThroughput(Shape, frozen=True, kw_only=True):
    """What an on-demand stream is kept ready for."""

    target_mibps: int
    current_mibps: int


class StreamDescriptionSummary(Shape, frozen=True, kw_only=True):
    stream_name: str
    stream_arn: str
    stream_status: StreamStatus
    stream_mode_details: StreamModeDetails
    retention_period_hours: int
    stream_creation_timestamp: Timestamp
    enhanced_monitoring: list[EnhancedMetrics]
    encryption_type: str
    key_id: str | None = None
    open_shard_count: int
    consumer_count: int
    warm_throughput: WarmThroughput | None = None
    max_record_size_in_kib: int


class DescribeStreamSummaryOutput(Shape, frozen=True, kw_only=True):
    stream_description_summary: StreamDescriptionSummary


@KINESIS.action("DescribeStreamSummary")
async def describe_stream_summary(call: Call, input_: DescribeStreamSummaryInput) -> DescribeStreamSummaryOutput:
    """A stream without its shards."""
    return DescribeStreamSummaryOutput(stream_description_summary=_summary(call, find_stream(call, input_)))


def _summary(call: Call, stream: StreamInfo) -> StreamDescriptionSummary:
    warm = stream.warm_throughput_mibps
    return StreamDescriptionSummary(
        stream_name=stream.name,
        stream_arn=stream.arn,
        stream_status=stream.status,
        stream_mode_details=StreamModeDetails(stream_mode=stream.mode),
        retention_period_hours=stream.retention_hours,
        stream_creation_timestamp=creation(stream),
        enhanced_monitoring=[EnhancedMetrics(shard_level_metrics=stream.shard_metrics)],
        encryption_type=encryption_type(stream),
        key_id=stream.encryption_key,
        open_shard_count=len(stream.open_shards),
        consumer_count=len(call.broker.list_consumers(stream.arn)),
        warm_throughput=None if warm is None else WarmThroughput(target_mibps=warm, current_mibps=warm),
        max_record_size_in_kib=stream.max_record_bytes // limits.KIB,
    )
