"""DescribeLogStreams: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html"""

from __future__ import annotations

from enum import StrEnum

from runtime.api.logs.shapes import (
    LOGS,
    PAGE,
    DescribeLimit,
    LogGroupIdentifier,
    LogGroupName,
    LogShape,
    LogStreamName,
    NextToken,
    addressed,
)
from runtime.api.logs.tokens import read_token, write_token
from runtime.logs.errors import InvalidLogsParameter
from runtime.logs.store import LogStore
from runtime.logs.values import GroupKey, LogStream
from streamcore.api.aws.service import Call


class OrderBy(StrEnum):
    LOG_STREAM_NAME = "LogStreamName"
    LAST_EVENT_TIME = "LastEventTime"


class DescribeLogStreamsInput(LogShape, frozen=True, kw_only=True):
    log_group_name: LogGroupName | None = None
    log_group_identifier: LogGroupIdentifier | None = None
    log_stream_name_prefix: LogStreamName | None = None
    order_by: OrderBy | None = None
    descending: bool | None = None
    next_token: NextToken | None = None
    limit: DescribeLimit | None = None


class LogStreamShape(LogShape, frozen=True, kw_only=True):
    log_stream_name: str
    creation_time: int
    first_event_timestamp: int | None = None
    last_event_timestamp: int | None = None
    last_ingestion_time: int | None = None
    upload_sequence_token: str | None = None
    arn: str
    stored_bytes: int


class DescribeLogStreamsOutput(LogShape, frozen=True, kw_only=True):
    log_streams: list[LogStreamShape]
    next_token: str | None = None


@LOGS.action("DescribeLogStreams")
async def describe_log_streams(
    store: LogStore, call: Call, input_: DescribeLogStreamsInput
) -> DescribeLogStreamsOutput:
    """The streams of a group, by name or by their last event."""
    by_time = input_.order_by is OrderBy.LAST_EVENT_TIME
    if by_time and input_.log_stream_name_prefix is not None:
        raise InvalidLogsParameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
    key, limit = addressed(call, input_), input_.limit or PAGE
    after = None if input_.next_token is None else read_token("streams", input_.next_token, tuple[int, str])
    found = await store.streams(
        key,
        prefix=input_.log_stream_name_prefix or "",
        after=after,
        limit=limit + 1,
        by_time=by_time,
        descending=bool(input_.descending),
    )
    token = None
    if len(found) > limit:
        last = found[limit - 1]
        token = write_token("streams", (last.last_event_ms or 0 if by_time else 0, last.name))
    return DescribeLogStreamsOutput(log_streams=[_shape(key, stream) for stream in found[:limit]], next_token=token)


def _shape(key: GroupKey, stream: LogStream) -> LogStreamShape:
    return LogStreamShape(
        log_stream_name=stream.name,
        creation_time=stream.created_ms,
        first_event_timestamp=stream.first_event_ms,
        last_event_timestamp=stream.last_event_ms,
        last_ingestion_time=stream.ingested_ms,
        # Tokens are no longer looked at; old clients want to see one.
        upload_sequence_token=None if stream.ingested_ms is None else f"{stream.ingested_ms:056d}",
        arn=f"{key.arn}:log-stream:{stream.name}",
        stored_bytes=0,  # as AWS tells it since 2019
    )
