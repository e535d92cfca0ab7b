"""Reading events, on the database's thread: a page of a stream, and a page of what a pattern finds in a group.

A page is bounded in events, in bytes and in how much is looked at, so that no request holds the writer for long; the
position where it stopped is where the next one begins.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final

from runtime.logs.tables import group, need_group, need_stream
from runtime.logs.values import DAY_MS, GroupKey, LogEvent, Page, Position, Span
from runtime.sqlite import Connection, Cursor

#: AWS: what GetLogEvents and FilterLogEvents answer at most, with at most 10,000 events.
PAGE_MAX_BYTES: Final = 1_048_576
#: Events that one call of FilterLogEvents looks at, and bytes of them.
SCAN_MAX_EVENTS: Final = 20_000
SCAN_MAX_BYTES: Final = 8 * 1024 * 1024

Wanted = Callable[[LogEvent], bool]


def read_stream(
    connection: Connection, key: GroupKey, stream: str, span: Span, limit: int, newest: bool, now_ms: int
) -> list[LogEvent]:
    """A page in the order of time: the first events of the span, or the last with `newest`. Raises LogsNotFound."""
    group_number, number = need_stream(connection, key, stream)
    span = _kept(connection, key, span, now_ms)
    rows = _rows(connection, f"stream_id = {number}", span, newest)
    found: list[LogEvent] = []
    size_bytes = 0
    for event in _events(connection, group_number, rows):
        size_bytes += len(event.message.encode())
        if len(found) == limit or (found and size_bytes > PAGE_MAX_BYTES):
            break
        found.append(event)
    rows.close()
    return found[::-1] if newest else found


def search(
    connection: Connection, key: GroupKey, span: Span, wanted: Wanted, limit: int, newest: bool, now_ms: int
) -> Page:
    """A page of a group's events that are wanted, in the order of time or, with `newest`, against it.

    Raises LogsNotFound.
    """
    number = need_group(connection, key)
    span = _kept(connection, key, span, now_ms)
    rows = _rows(connection, f"group_id = {number}", span, newest)
    found: list[LogEvent] = []
    at: Position | None = None
    looked_bytes = found_bytes = 0
    for looked_at, event in enumerate(_events(connection, number, rows)):
        full = len(found) == limit or found_bytes > PAGE_MAX_BYTES
        if full or looked_at == SCAN_MAX_EVENTS or looked_bytes > SCAN_MAX_BYTES:
            break
        looked_bytes += len(event.message)
        at = event.position
        if wanted(event):
            found.append(event)
            found_bytes += len(event.message)
    else:
        at = None
    rows.close()
    return Page(found, at)


def streams_named(connection: Connection, key: GroupKey, names: Collection[str]) -> list[str]:
    """Those of the names that are streams of the group. Raises LogsNotFound."""
    number = need_group(connection, key)
    places = ", ".join("?" * len(names))
    rows = connection.execute(
        f"SELECT name FROM log_stream WHERE group_id = ? AND name IN ({places})", (number, *names)
    )
    return [name for (name,) in rows]


def _kept(connection: Connection, key: GroupKey, span: Span, now_ms: int) -> Span:
    """The span without what is older than the retention, whether it was removed yet or not."""
    days = group(connection, key).retention_days
    return span if days is None else span._replace(start_ms=max(span.start_ms, now_ms - days * DAY_MS))


def _rows(connection: Connection, where: str, span: Span, newest: bool) -> Cursor:
    conditions, values = [where, "timestamp_ms >= ?", "timestamp_ms <= ?"], [span.start_ms, span.end_ms]
    if span.after is not None:
        conditions.append("(timestamp_ms, id) > (?, ?)")
        values += span.after
    if span.before is not None:
        conditions.append("(timestamp_ms, id) < (?, ?)")
        values += span.before
    order = "DESC" if newest else "ASC"
    return connection.execute(
        f"SELECT id, stream_id, timestamp_ms, ingested_ms, message FROM log_event WHERE {' AND '.join(conditions)} "
        f"ORDER BY timestamp_ms {order}, id {order}",
        values,
    )


def _events(connection: Connection, group_number: int, rows: Cursor) -> Iterator[LogEvent]:
    names: dict[int, str | None] = {}
    for number, stream, timestamp_ms, ingested_ms, message in rows:
        if stream not in names:
            row = connection.execute(
                "SELECT name FROM log_stream WHERE id = ? AND group_id = ?", (stream, group_number)
            ).fetchone()
            names[stream] = None if row is None else row[0]
        name = names[stream]
        if name is not None:  # else its events are about to be removed
            yield LogEvent(number, timestamp_ms, ingested_ms, message, name)
