"""Groups, streams and events as the store hands them out."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from streamcore.model.stream import Scope

#: AWS counts this much for every event on top of its message.
EVENT_OVERHEAD_BYTES: Final = 26
#: The values that PutRetentionPolicy takes, in days.
RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
DAY_MS: Final = 86_400_000
MAX_TAGS: Final = 50


class GroupKey(NamedTuple):
    """A group's name in its account and region."""

    scope: Scope
    name: str

    @property
    def row(self) -> tuple[str, str, str]:
        return self.scope.account, self.scope.region, self.name

    @property
    def arn(self) -> str:
        """Without the `:*` that some places put behind it."""
        return f"arn:aws:logs:{self.scope.region}:{self.scope.account}:log-group:{self.name}"


class LogGroup(msgspec.Struct, frozen=True, kw_only=True):
    """`stored_bytes` are the bytes of all messages with 26 for each."""

    key: GroupKey
    created_ms: int
    retention_days: int | None = None
    log_class: str = "STANDARD"
    kms_key_id: str | None = None
    deletion_protected: bool = False
    tags: dict[str, str] = {}
    stored_bytes: int = 0


class LogStream(msgspec.Struct, frozen=True, kw_only=True):
    """Times are None as long as there is no event."""

    name: str
    created_ms: int
    first_event_ms: int | None = None
    last_event_ms: int | None = None
    ingested_ms: int | None = None


class Position(NamedTuple):
    """A place in the order of a group's or a stream's events: by time, then by arrival."""

    timestamp_ms: int
    number: int


class LogEvent(NamedTuple):
    """An event. `number` is its place in the order of arrival, unique in the store."""

    number: int
    timestamp_ms: int
    ingested_ms: int
    message: str
    stream: str

    @property
    def position(self) -> Position:
        return Position(self.timestamp_ms, self.number)

    @property
    def event_id(self) -> str:
        """56 digits, as AWS's."""
        return f"{self.timestamp_ms:013d}{self.number:043d}"


class Span(NamedTuple):
    """Events from `start_ms` on, up to and including `end_ms`, behind `after` or before `before`."""

    start_ms: int = 0
    end_ms: int = 2**62
    after: Position | None = None
    before: Position | None = None


class Page(NamedTuple):
    """Events in the order of the span; `at` is how far was looked, None when nothing is left there."""

    events: list[LogEvent]
    at: Position | None
