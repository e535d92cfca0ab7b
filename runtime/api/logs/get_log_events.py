"""GetLogEvents: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html"""

from __future__ import annotations

import re
from typing import Final

from runtime.api.logs.shapes import (
    LOGS,
    EventsLimit,
    LogGroupIdentifier,
    LogGroupName,
    LogShape,
    LogStreamName,
    NextToken,
    TimestampMs,
    addressed,
)
from runtime.logs.errors import InvalidLogsParameter
from runtime.logs.store import LogStore
from runtime.logs.values import LogEvent, Position, Span
from streamcore.api.aws.service import Call

#: What is answered at most when no limit is given, too.
PAGE_EVENTS: Final = 10_000
_TOKEN: Final = re.compile(r"(?a)\A([fb])/(\d{13})(\d{43})/s\Z")


class GetLogEventsInput(LogShape, frozen=True, kw_only=True):
    log_group_name: LogGroupName | None = None
    log_group_identifier: LogGroupIdentifier | None = None
    log_stream_name: LogStreamName
    start_time: TimestampMs | None = None
    end_time: TimestampMs | None = None
    next_token: NextToken | None = None
    limit: EventsLimit | None = None
    start_from_head: bool | None = None
    unmask: bool | None = None


class OutputLogEvent(LogShape, frozen=True, kw_only=True, gc=False):
    timestamp: int
    message: str
    ingestion_time: int


class GetLogEventsOutput(LogShape, frozen=True, kw_only=True):
    events: list[OutputLogEvent]
    next_forward_token: str
    next_backward_token: str


@LOGS.action("GetLogEvents")
async def get_log_events(store: LogStore, call: Call, input_: GetLogEventsInput) -> GetLogEventsOutput:
    """A page of a stream, in the order of time. A token that comes back as it was says that there is no more."""
    direction, at = ("f" if input_.start_from_head else "b"), None
    if input_.next_token is not None:
        direction, at = _read(input_.next_token)
    forward = direction == "f"
    # The end is exclusive.
    end_ms = 2**62 if input_.end_time is None else input_.end_time - 1
    span = Span(input_.start_time or 0, end_ms, at if forward else None, None if forward else at)
    limit = input_.limit or PAGE_EVENTS
    found = await store.read(addressed(call, input_), input_.log_stream_name, span, limit, newest=not forward)
    first, last = _ends(found, at, input_.start_time or 0)
    return GetLogEventsOutput(
        events=[
            OutputLogEvent(timestamp=event.timestamp_ms, message=event.message, ingestion_time=event.ingested_ms)
            for event in found
        ],
        next_forward_token=_write("f", last),
        next_backward_token=_write("b", first),
    )


def _ends(found: list[LogEvent], at: Position | None, start_ms: int) -> tuple[Position, Position]:
    """Behind and before which events the next pages are. Without events everything is still to come, or nothing."""
    if found:
        return found[0].position, found[-1].position
    stay = at or Position(start_ms, 0)
    return stay, stay


def _write(direction: str, at: Position) -> str:
    return f"{direction}/{at.timestamp_ms:013d}{at.number:043d}/s"


def _read(token: str) -> tuple[str, Position]:
    found = _TOKEN.match(token)
    if found is None or int(found[3]) >= 2**63:
        raise InvalidLogsParameter("The specified nextToken is invalid.")
    return found[1], Position(int(found[2]), int(found[3]))
