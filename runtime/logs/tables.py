"""The tables of the log store, and the jobs that change them. Every function runs on the database's thread, inside a
transaction; those that raise do so before they write.

    log_group ──< log_stream ──< log_event      id of an event: order of arrival
                                 index (stream, time, id): GetLogEvents     index (group, time, id): FilterLogEvents
    log_doomed: groups and streams that are deleted while their events still are to be removed, in small steps
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from runtime.logs.errors import DeletionProtected, LogsExist, LogsLimitExceeded, no_group, no_stream
from runtime.logs.values import DAY_MS, EVENT_OVERHEAD_BYTES, MAX_TAGS, GroupKey, LogGroup, LogStream
from runtime.sqlite import Connection
from streamcore.model.stream import Scope

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS log_group (
        id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
        created_ms INTEGER NOT NULL, retention_days INTEGER, class TEXT NOT NULL, kms_key_id TEXT,
        deletion_protected INTEGER NOT NULL, tags TEXT NOT NULL, stored_bytes INTEGER NOT NULL DEFAULT 0,
        UNIQUE (account, region, name)) STRICT""",
    """CREATE TABLE IF NOT EXISTS log_stream (
        id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL, name TEXT NOT NULL,
        created_ms INTEGER NOT NULL, last_event_ms INTEGER, ingested_ms INTEGER, UNIQUE (group_id, name)) STRICT""",
    "CREATE INDEX IF NOT EXISTS log_stream_by_time ON log_stream (group_id, COALESCE(last_event_ms, 0), name)",
    """CREATE TABLE IF NOT EXISTS log_event (
        id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL, stream_id INTEGER NOT NULL,
        timestamp_ms INTEGER NOT NULL, ingested_ms INTEGER NOT NULL, message TEXT NOT NULL) STRICT""",
    "CREATE INDEX IF NOT EXISTS log_event_by_stream ON log_event (stream_id, timestamp_ms)",
    "CREATE INDEX IF NOT EXISTS log_event_by_group ON log_event (group_id, timestamp_ms)",
    "CREATE TABLE IF NOT EXISTS log_doomed (group_id INTEGER, stream_id INTEGER) STRICT",
)
#: Events that one step of removing takes at most.
STEP_EVENTS: Final = 2000
#: A stream that lost its last event goes too, once it has been quiet for this long.
QUIET_MS: Final = 3_600_000

_GROUP: Final = (
    "SELECT account, region, name, created_ms, retention_days, class, kms_key_id, deletion_protected, tags, "
    "stored_bytes FROM log_group "
)


def create(connection: Connection) -> None:
    for statement in SCHEMA:
        connection.execute(statement)


# ---------------------------------------------------------------- groups


def add_group(connection: Connection, group: LogGroup) -> None:
    """Raises LogsExist."""
    if group_id(connection, group.key) is not None:
        raise LogsExist("The specified log group already exists")
    connection.execute(
        "INSERT INTO log_group (account, region, name, created_ms, retention_days, class, kms_key_id, "
        "deletion_protected, tags) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *group.key.row,
            group.created_ms,
            group.retention_days,
            group.log_class,
            group.kms_key_id,
            group.deletion_protected,
            json.dumps(group.tags),
        ),
    )


def group_id(connection: Connection, key: GroupKey) -> int | None:
    row = connection.execute(
        "SELECT id FROM log_group WHERE account = ? AND region = ? AND name = ?", key.row
    ).fetchone()
    return None if row is None else int(row[0])


def need_group(connection: Connection, key: GroupKey) -> int:
    """Raises LogsNotFound."""
    number = group_id(connection, key)
    if number is None:
        raise no_group()
    return number


def group(connection: Connection, key: GroupKey) -> LogGroup:
    """Raises LogsNotFound."""
    return _group(connection.execute(f"{_GROUP} WHERE id = ?", (need_group(connection, key),)).fetchone())


def groups(connection: Connection, scope: Scope, prefix: str, part: str, after: str, limit: int) -> list[LogGroup]:
    """In the order of names, those behind `after` that begin with `prefix` and hold `part` in any case."""
    rows = connection.execute(
        f"{_GROUP} WHERE account = ? AND region = ? AND name > ? AND substr(name, 1, ?) = ? "
        "AND instr(lower(name), ?) ORDER BY name LIMIT ?",
        (scope.account, scope.region, after, len(prefix), prefix, part.lower(), limit),
    )
    return [_group(row) for row in rows]


def retained(connection: Connection) -> list[GroupKey]:
    """The groups that have a retention."""
    rows = connection.execute("SELECT account, region, name FROM log_group WHERE retention_days IS NOT NULL")
    return [GroupKey(Scope(account, region), name) for account, region, name in rows]


def set_retention(connection: Connection, key: GroupKey, days: int | None) -> None:
    number = need_group(connection, key)
    connection.execute("UPDATE log_group SET retention_days = ? WHERE id = ?", (days, number))


def retag(connection: Connection, key: GroupKey, add: dict[str, str], remove: Iterable[str]) -> None:
    """Raises LogsNotFound, LogsLimitExceeded."""
    gone = set(remove)
    tags = {name: value for name, value in group(connection, key).tags.items() if name not in gone} | add
    if len(tags) > MAX_TAGS:
        raise LogsLimitExceeded("The maximum number of tags for the resource has been exceeded.")
    connection.execute("UPDATE log_group SET tags = ? WHERE id = ?", (json.dumps(tags), need_group(connection, key)))


def remove_group(connection: Connection, key: GroupKey) -> None:
    """Raises LogsNotFound, DeletionProtected."""
    number = need_group(connection, key)
    if group(connection, key).deletion_protected:
        raise DeletionProtected("Log group cannot be deleted while deletion protection is enabled.")
    connection.execute("DELETE FROM log_group WHERE id = ?", (number,))
    connection.execute("DELETE FROM log_stream WHERE group_id = ?", (number,))
    connection.execute("INSERT INTO log_doomed (group_id) VALUES (?)", (number,))


def _group(row: Sequence[Any]) -> LogGroup:
    account, region, name, created_ms, retention_days, log_class, kms_key_id, protected, tags, stored_bytes = row
    return LogGroup(
        key=GroupKey(Scope(account, region), name),
        created_ms=created_ms,
        retention_days=retention_days,
        log_class=log_class,
        kms_key_id=kms_key_id,
        deletion_protected=bool(protected),
        tags=json.loads(tags),
        stored_bytes=stored_bytes,
    )


# ---------------------------------------------------------------- streams


def add_stream(connection: Connection, key: GroupKey, name: str, now_ms: int) -> None:
    """Raises LogsNotFound, LogsExist."""
    number = need_group(connection, key)
    if stream_id(connection, number, name) is not None:
        raise LogsExist("The specified log stream already exists")
    connection.execute("INSERT INTO log_stream (group_id, name, created_ms) VALUES (?, ?, ?)", (number, name, now_ms))


def stream_id(connection: Connection, group_number: int, name: str) -> int | None:
    row = connection.execute(
        "SELECT id FROM log_stream WHERE group_id = ? AND name = ?", (group_number, name)
    ).fetchone()
    return None if row is None else int(row[0])


def need_stream(connection: Connection, key: GroupKey, name: str) -> tuple[int, int]:
    """The group's and the stream's id. Raises LogsNotFound."""
    group_number = need_group(connection, key)
    number = stream_id(connection, group_number, name)
    if number is None:
        raise no_stream()
    return group_number, number


def streams(
    connection: Connection,
    key: GroupKey,
    prefix: str,
    after: tuple[int, str] | None,
    limit: int,
    by_time: bool,
    down: bool,
) -> list[LogStream]:
    """Streams in the order of their names, or of their last events and names, behind `after`. Raises LogsNotFound."""
    number = need_group(connection, key)
    # A constant for the time makes one query of both orders.
    time = "COALESCE(last_event_ms, 0)" if by_time else "0"
    order, beyond = ("DESC", "<") if down else ("ASC", ">")
    start = f"AND ({time}, name) {beyond} (?, ?)" if after is not None else ""
    rows = connection.execute(
        "SELECT name, created_ms, (SELECT MIN(timestamp_ms) FROM log_event WHERE stream_id = log_stream.id), "
        f"last_event_ms, ingested_ms FROM log_stream WHERE group_id = ? AND substr(name, 1, ?) = ? {start} "
        f"ORDER BY {time + ' ' + order + ',' if by_time else ''} name {order} LIMIT ?",
        (number, len(prefix), prefix, *(after or ()), limit),
    )
    return [
        LogStream(name=name, created_ms=created, first_event_ms=first, last_event_ms=last, ingested_ms=ingested)
        for name, created, first, last, ingested in rows
    ]


def remove_stream(connection: Connection, key: GroupKey, name: str) -> None:
    """Raises LogsNotFound."""
    group_number, number = need_stream(connection, key, name)
    connection.execute("DELETE FROM log_stream WHERE id = ?", (number,))
    connection.execute("INSERT INTO log_doomed (group_id, stream_id) VALUES (?, ?)", (group_number, number))


# ---------------------------------------------------------------- events


def add_events(
    connection: Connection, ids: tuple[int, int], events: Sequence[tuple[int, str]], size_bytes: int, now_ms: int
) -> None:
    """Adds (timestamp, message) pairs to a stream; `size_bytes` is what they count for."""
    connection.executemany(
        "INSERT INTO log_event (group_id, stream_id, timestamp_ms, ingested_ms, message) VALUES (?, ?, ?, ?, ?)",
        [(*ids, timestamp_ms, now_ms, message) for timestamp_ms, message in events],
    )
    last_ms = max(timestamp_ms for timestamp_ms, _ in events)
    connection.execute(
        "UPDATE log_stream SET last_event_ms = MAX(COALESCE(last_event_ms, 0), ?), ingested_ms = ? WHERE id = ?",
        (last_ms, now_ms, ids[1]),
    )
    connection.execute("UPDATE log_group SET stored_bytes = stored_bytes + ? WHERE id = ?", (size_bytes, ids[0]))


def remove_oldest(connection: Connection, now_ms: int) -> int:
    """Removes the events that came first, in a step; how many."""
    return _remove(connection, "ORDER BY id", (), now_ms)


def remove_expired(connection: Connection, now_ms: int) -> bool:
    """A step of removing what is older than its group's retention; whether there may be more."""
    for number, days in connection.execute(
        "SELECT id, retention_days FROM log_group WHERE retention_days IS NOT NULL"
    ).fetchall():
        horizon_ms = now_ms - days * DAY_MS
        if _remove(connection, "WHERE group_id = ? AND timestamp_ms < ?", (number, horizon_ms), now_ms):
            return True
    return False


def remove_doomed(connection: Connection, now_ms: int) -> bool:
    """A step of removing the events of what was deleted; whether there may be more."""
    doomed = connection.execute("SELECT rowid, group_id, stream_id FROM log_doomed LIMIT 1").fetchone()
    if doomed is None:
        return False
    row, group_number, stream_number = doomed
    where, number = ("group_id = ?", group_number) if stream_number is None else ("stream_id = ?", stream_number)
    if not _remove(connection, f"WHERE {where}", (number,), now_ms):
        connection.execute("DELETE FROM log_doomed WHERE rowid = ?", (row,))
    return True


def next_expiry_ms(connection: Connection) -> int | None:
    """When the next event is to be removed for its age; None when there is none with a retention."""
    rows = connection.execute(
        "SELECT (SELECT MIN(timestamp_ms) FROM log_event WHERE group_id = log_group.id), retention_days "
        "FROM log_group WHERE retention_days IS NOT NULL"
    )
    return min((oldest + days * DAY_MS for oldest, days in rows if oldest is not None), default=None)


def _remove(connection: Connection, which: str, values: tuple[int, ...], now_ms: int) -> int:
    found = connection.execute(
        f"SELECT id, group_id, stream_id, length(CAST(message AS BLOB)) FROM log_event {which} LIMIT {STEP_EVENTS}",
        values,
    ).fetchall()
    freed: dict[int, int] = {}
    for _, group_number, _, size_bytes in found:
        freed[group_number] = freed.get(group_number, 0) + size_bytes + EVENT_OVERHEAD_BYTES
    connection.executemany("DELETE FROM log_event WHERE id = ?", [(row[0],) for row in found])
    connection.executemany(
        "UPDATE log_group SET stored_bytes = stored_bytes - ? WHERE id = ?",
        [(size_bytes, number) for number, size_bytes in freed.items()],
    )
    connection.executemany(
        "DELETE FROM log_stream WHERE id = ? AND last_event_ms < ? "
        "AND NOT EXISTS (SELECT 1 FROM log_event WHERE stream_id = log_stream.id)",
        [(number, now_ms - QUIET_MS) for number in {row[2] for row in found}],
    )
    return len(found)
