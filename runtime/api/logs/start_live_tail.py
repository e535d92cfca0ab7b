"""StartLiveTail: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Annotated, Final

import msgspec

from runtime.api.logs.filter_log_events import LogStreamNames
from runtime.api.logs.shapes import LOGS, LogGroupIdentifier, LogShape, Pattern, identified
from runtime.logs.errors import InvalidLogsParameter
from runtime.logs.followers import Follower
from runtime.logs.store import LogStore
from runtime.logs.values import GroupKey, LogEvent
from runtime.model.log_filter import compile_pattern
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.service import Call, EventStream

#: A client that hears nothing for a minute gives up; AWS sends an update every second, empty or not.
HEARTBEAT_S: Final = 5.0
#: AWS ends a session after three hours.
SESSION_MAX_S: Final = 10_800.0
#: AWS: sessions of an account at a time.
MAX_SESSIONS: Final = 15


class StartLiveTailInput(LogShape, frozen=True, kw_only=True):
    log_group_identifiers: Annotated[list[LogGroupIdentifier], msgspec.Meta(min_length=1, max_length=10)]
    log_stream_names: LogStreamNames | None = None
    log_stream_name_prefixes: LogStreamNames | None = None
    log_event_filter_pattern: Pattern | None = None


class LiveTailSessionStart(LogShape, frozen=True, kw_only=True):
    request_id: str
    session_id: str
    log_group_identifiers: list[str]
    log_stream_names: list[str]
    log_stream_name_prefixes: list[str]
    log_event_filter_pattern: str


class LiveTailSessionMetadata(LogShape, frozen=True, kw_only=True):
    sampled: bool


class LiveTailSessionLogEvent(LogShape, frozen=True, kw_only=True, gc=False):
    log_stream_name: str
    log_group_identifier: str
    message: str
    timestamp: int
    ingestion_time: int


class LiveTailSessionUpdate(LogShape, frozen=True, kw_only=True):
    session_metadata: LiveTailSessionMetadata
    session_results: list[LiveTailSessionLogEvent]


class _Session:
    """The events of a session, for the wire."""

    def __init__(self, store: LogStore, call: Call, follower: Follower, start: LiveTailSessionStart) -> None:
        self._store = store
        self._clock = call.broker.clock
        self._follower = follower
        self._start: LiveTailSessionStart | None = start
        self._ends_at = self._clock.monotonic() + SESSION_MAX_S

    def __aiter__(self) -> _Session:
        return self

    async def __anext__(self) -> tuple[str, LogShape]:
        if self._start is not None:
            start, self._start = self._start, None
            return "sessionStart", start
        await self._follower.wait(HEARTBEAT_S)
        events, sampled = self._follower.take()
        if not events and self._follower.is_over:
            raise StopAsyncIteration
        if self._clock.monotonic() > self._ends_at:
            raise AwsError("SessionTimeoutException", 400, "The session has ended: it lasts for three hours.")
        return "sessionUpdate", LiveTailSessionUpdate(
            session_metadata=LiveTailSessionMetadata(sampled=sampled),
            session_results=[_shape(key, event) for key, event in events],
        )

    async def aclose(self) -> None:
        self._store.followers.remove(self._follower)


@LOGS.action("StartLiveTail")
async def start_live_tail(store: LogStore, call: Call, input_: StartLiveTailInput) -> EventStream:
    """Events of up to ten groups as they are written."""
    keys = [identified(call, identifier) for identifier in input_.log_group_identifiers]
    for key in keys:
        await store.group(key)
    if len(keys) > 1 and (input_.log_stream_names or input_.log_stream_name_prefixes):
        raise InvalidLogsParameter("Log stream names and prefixes can be given with one log group only.")
    if input_.log_stream_names and input_.log_stream_name_prefixes:
        raise InvalidLogsParameter("logStreamNames and logStreamNamePrefixes cannot be given together.")
    if len(store.followers) >= MAX_SESSIONS:
        raise AwsError("LimitExceededException", 400, f"There are {MAX_SESSIONS} live tail sessions already.")
    start = LiveTailSessionStart(
        request_id=call.request_id,
        session_id=str(uuid.uuid4()),
        log_group_identifiers=[key.arn for key in keys],
        log_stream_names=input_.log_stream_names or [],
        log_stream_name_prefixes=input_.log_stream_name_prefixes or [],
        log_event_filter_pattern=input_.log_event_filter_pattern or "",
    )
    follower = store.followers.add(_follows(keys, input_))
    return EventStream(_Session(store, call, follower, start))


def _follows(keys: list[GroupKey], input_: StartLiveTailInput) -> Callable[[GroupKey, LogEvent], bool]:
    """Raises InvalidPattern."""
    pattern = compile_pattern(input_.log_event_filter_pattern or "")
    names = frozenset(input_.log_stream_names or ())
    prefixes = tuple(input_.log_stream_name_prefixes or ())

    def follows(key: GroupKey, event: LogEvent) -> bool:
        if key not in keys or (names and event.stream not in names):
            return False
        if prefixes and not event.stream.startswith(prefixes):
            return False
        return pattern.match(event.message) is not None

    return follows


def _shape(key: GroupKey, event: LogEvent) -> LiveTailSessionLogEvent:
    return LiveTailSessionLogEvent(
        log_stream_name=event.stream,
        log_group_identifier=f"{key.scope.account}:{key.name}",
        message=event.message,
        timestamp=event.timestamp_ms,
        ingestion_time=event.ingested_ms,
    )
