"""FilterLogEvents: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec

from runtime.api.logs.shapes import (
    LOGS,
    EventsLimit,
    LogGroupIdentifier,
    LogGroupName,
    LogShape,
    LogStreamName,
    NextToken,
    Pattern,
    TimestampMs,
    addressed,
)
from runtime.api.logs.tokens import read_token, write_token
from runtime.logs.errors import InvalidLogsParameter, no_stream
from runtime.logs.store import LogStore
from runtime.logs.values import GroupKey, LogEvent, Position, Span
from runtime.model.log_filter import compile_pattern
from streamcore.api.aws.service import Call

PAGE_EVENTS: Final = 10_000

LogStreamNames = Annotated[list[LogStreamName], msgspec.Meta(min_length=1, max_length=100)]


class FilterLogEventsInput(LogShape, frozen=True, kw_only=True):
    log_group_name: LogGroupName | None = None
    log_group_identifier: LogGroupIdentifier | None = None
    log_stream_names: LogStreamNames | None = None
    log_stream_name_prefix: LogStreamName | None = None
    start_time: TimestampMs | None = None
    end_time: TimestampMs | None = None
    filter_pattern: Pattern | None = None
    next_token: NextToken | None = None
    limit: EventsLimit | None = None
    start_from_head: bool | None = None
    interleaved: bool | None = None
    unmask: bool | None = None


class FilteredLogEvent(LogShape, frozen=True, kw_only=True, gc=False):
    log_stream_name: str
    timestamp: int
    message: str
    ingestion_time: int
    event_id: str


class SearchedLogStream(LogShape, frozen=True, kw_only=True):
    log_stream_name: str
    searched_completely: bool


class FilterLogEventsOutput(LogShape, frozen=True, kw_only=True):
    events: list[FilteredLogEvent]
    searched_log_streams: list[SearchedLogStream]
    next_token: str | None = None


@LOGS.action("FilterLogEvents")
async def filter_log_events(store: LogStore, call: Call, input_: FilterLogEventsInput) -> FilterLogEventsOutput:
    """A page of what a pattern finds in a group, streams interleaved. A page with a token may be empty: the search is
    bounded, and goes on with the token."""
    if input_.log_stream_names is not None and input_.log_stream_name_prefix is not None:
        raise InvalidLogsParameter("logStreamNames and logStreamNamePrefix cannot be given together.")
    key = addressed(call, input_)
    await _check_streams(store, key, input_.log_stream_names)
    at = None
    if input_.next_token is not None:
        at = Position(*read_token("filter", input_.next_token, tuple[int, int]))
    newest = input_.start_from_head is False
    # Here the end is inclusive.
    end_ms = 2**62 if input_.end_time is None else input_.end_time
    span = Span(input_.start_time or 0, end_ms, None if newest else at, at if newest else None)
    page = await store.search(key, span, _wanted(input_), input_.limit or PAGE_EVENTS, newest=newest)
    return FilterLogEventsOutput(
        events=[_shape(event) for event in page.events],
        searched_log_streams=[],  # as AWS answers since 2020
        next_token=None if page.at is None else write_token("filter", tuple(page.at)),
    )


async def _check_streams(store: LogStore, key: GroupKey, names: list[str] | None) -> None:
    """Raises LogsNotFound for a group, or for streams of which none is there."""
    if names is not None and not await store.streams_named(key, names):
        raise no_stream()


def _wanted(input_: FilterLogEventsInput) -> Callable[[LogEvent], bool]:
    """Raises InvalidPattern."""
    pattern = compile_pattern(input_.filter_pattern or "")
    names = None if input_.log_stream_names is None else frozenset(input_.log_stream_names)
    prefix = input_.log_stream_name_prefix or ""

    def wanted(event: LogEvent) -> bool:
        in_streams = event.stream.startswith(prefix) and (names is None or event.stream in names)
        return in_streams and pattern.match(event.message) is not None

    return wanted


def _shape(event: LogEvent) -> FilteredLogEvent:
    return FilteredLogEvent(
        log_stream_name=event.stream,
        timestamp=event.timestamp_ms,
        message=event.message,
        ingestion_time=event.ingested_ms,
        event_id=event.event_id,
    )
