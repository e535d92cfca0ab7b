"""PutLogEvents: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import msgspec

from runtime.api.logs.shapes import LOGS, LogGroupName, LogShape, LogStreamName, TimestampMs, named
from runtime.logs.errors import InvalidLogsParameter
from runtime.logs.store import LogStore
from runtime.logs.values import DAY_MS, EVENT_OVERHEAD_BYTES
from streamcore.api.aws.service import Call

#: AWS: of one request, counted with 26 bytes for each event.
BATCH_MAX_BYTES = 1_048_576
TOO_OLD_MS, TOO_NEW_MS = 14 * DAY_MS, 7_200_000


class InputLogEvent(LogShape, frozen=True, kw_only=True, gc=False):
    timestamp: TimestampMs
    message: Annotated[str, msgspec.Meta(min_length=1)]


class Entity(LogShape, frozen=True, kw_only=True):
    """What the events are about, for a console that is not here. Taken and not kept."""

    key_attributes: (
        Annotated[
            dict[
                Annotated[str, msgspec.Meta(min_length=1, max_length=32)],
                Annotated[str, msgspec.Meta(min_length=1, max_length=512)],
            ],
            msgspec.Meta(min_length=2, max_length=4),
        ]
        | None
    ) = None
    attributes: (
        Annotated[
            dict[
                Annotated[str, msgspec.Meta(min_length=1, max_length=256)],
                Annotated[str, msgspec.Meta(min_length=1, max_length=512)],
            ],
            msgspec.Meta(min_length=0, max_length=10),
        ]
        | None
    ) = None


class PutLogEventsInput(LogShape, frozen=True, kw_only=True):
    log_group_name: LogGroupName
    log_stream_name: LogStreamName
    log_events: Annotated[list[InputLogEvent], msgspec.Meta(min_length=1, max_length=10_000)]
    sequence_token: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    entity: Entity | None = None


class RejectedLogEventsInfo(LogShape, frozen=True, kw_only=True):
    too_new_log_event_start_index: int | None = None
    too_old_log_event_end_index: int | None = None
    expired_log_event_end_index: int | None = None


class PutLogEventsOutput(LogShape, frozen=True, kw_only=True):
    next_sequence_token: str
    rejected_log_events_info: RejectedLogEventsInfo | None = None


@LOGS.action("PutLogEvents")
async def put_log_events(store: LogStore, call: Call, input_: PutLogEventsInput) -> PutLogEventsOutput:
    """Adds a batch; events that are too old or too new are left out and told. Sequence tokens are not looked at."""
    _check(input_.log_events)
    key, now_ms = named(call, input_.log_group_name), call.broker.clock.now_ms()
    days = (await store.group(key)).retention_days
    times = [event.timestamp for event in input_.log_events]
    too_old = sum(time < now_ms - TOO_OLD_MS for time in times)
    expired = 0 if days is None else sum(time < now_ms - days * DAY_MS for time in times)
    too_new = sum(time > now_ms + TOO_NEW_MS for time in times)
    first, end = max(too_old, expired), len(times) - too_new
    await store.put(
        key, input_.log_stream_name, [(event.timestamp, event.message) for event in input_.log_events[first:end]]
    )
    rejected = RejectedLogEventsInfo(
        too_new_log_event_start_index=end if too_new else None,
        too_old_log_event_end_index=too_old or None,
        expired_log_event_end_index=expired if expired > too_old else None,
    )
    return PutLogEventsOutput(
        next_sequence_token=f"{now_ms:056d}", rejected_log_events_info=rejected if first or too_new else None
    )


def _check(events: list[InputLogEvent]) -> None:
    """Raises InvalidLogsParameter."""
    size_bytes = sum(len(event.message.encode()) + EVENT_OVERHEAD_BYTES for event in events)
    if size_bytes > BATCH_MAX_BYTES:
        raise InvalidLogsParameter(f"Upload too large: {size_bytes} bytes exceeds limit of {BATCH_MAX_BYTES}")
    if any(later.timestamp < earlier.timestamp for earlier, later in pairwise(events)):
        raise InvalidLogsParameter("Log events in a single PutLogEvents request must be in chronological order.")
    if events[-1].timestamp - events[0].timestamp > DAY_MS:
        raise InvalidLogsParameter(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        )
