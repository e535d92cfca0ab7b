"""The log store: groups, streams and events, bounded in size and in age.

    store = LogStore(database, clock)
    await store.start()
    store.append(key, "2024/05/01/[$LATEST]…", [(now_ms, "hello\\n")])     # never waits, never raises
    page = await store.search(key, span, wanted)

`append` is for those who must not wait for a disk: what does not fit into the queue is dropped and counted, and the
loss is written into the same stream as soon as there is room. All else answers once it is committed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Final

from runtime.logs import reading, tables
from runtime.logs.followers import Followers
from runtime.logs.values import EVENT_OVERHEAD_BYTES, GroupKey, LogEvent, LogGroup, LogStream, Page, Span
from runtime.sqlite import Connection, Database, DatabaseFailed
from streamcore.clock import Clock, Timer
from streamcore.model.stream import Scope

log = logging.getLogger(__name__)

#: How often what expires is removed at most; readers do not see it before either.
EXPIRE_EVERY_MS: Final = 60_000
#: The longest that a timer is set to: a day. Clocks are set, machines sleep.
_TIMER_MAX_MS: Final = 86_400_000
_KNOWN_STREAMS: Final = 4096

Events = Sequence[tuple[int, str]]


class LogStore:
    """Logs in a database that others share; `close` it before that."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.followers = Followers()
        self._retained: set[GroupKey] = set()
        self._timer: Timer | None = None
        self._work: asyncio.Task[None] | None = None
        #: Events that were dropped, per stream, until that was said in the stream.
        self._lost: dict[tuple[GroupKey, str], int] = {}
        #: All of them.
        self.dropped_events = 0
        self._closed = False

    async def start(self) -> None:
        """Raises DatabaseFailed."""
        await self._database.run(tables.create)
        self._retained = set(await self._database.run(tables.retained))
        self._begin_work()

    async def close(self) -> None:
        """Ends live tails and what is removed in the background."""
        self._closed = True
        self.followers.end()
        if self._timer is not None:
            self._timer.cancel()
        if self._work is not None:
            await asyncio.gather(self._work, return_exceptions=True)

    # ------------------------------------------------------------ events

    def append(self, key: GroupKey, stream: str, events: Events) -> bool:
        """Adds events (time in ms, message), making group and stream if need be; False when they were dropped."""
        if not events:
            return True
        where = key, stream
        if lost := self._lost.get(where):
            text = f"{lost} log events were dropped here: the log store could not keep up.\n"
            events = [(events[0][0], text), *events]
        size_bytes = _size_bytes(events)
        now_ms = self._clock.now_ms()
        if not self._database.post(partial(self._add_anyhow, key, stream, events, size_bytes, now_ms), size_bytes):
            self._count_lost(where, len(events) - bool(lost))
            return False
        self._lost.pop(where, None)
        self._after_append(key, stream, events, now_ms)
        return True

    async def put(self, key: GroupKey, stream: str, events: Events) -> None:
        """Adds events to a stream that there is. Raises LogsNotFound, DatabaseFailed."""
        now_ms = self._clock.now_ms()
        await self._database.run(partial(self._add, key, stream, events, _size_bytes(events), now_ms))
        self._after_append(key, stream, events, now_ms)

    async def read(self, key: GroupKey, stream: str, span: Span, limit: int, *, newest: bool) -> list[LogEvent]:
        """A page of a stream, in the order of time. Raises LogsNotFound."""
        now_ms = self._clock.now_ms()
        return await self._database.run(
            lambda connection: reading.read_stream(connection, key, stream, span, limit, newest, now_ms)
        )

    async def search(self, key: GroupKey, span: Span, wanted: reading.Wanted, limit: int, *, newest: bool) -> Page:
        """A page of a group's events that are wanted; `wanted` is called on another thread. Raises LogsNotFound."""
        now_ms = self._clock.now_ms()
        return await self._database.run(
            lambda connection: reading.search(connection, key, span, wanted, limit, newest, now_ms)
        )

    # ------------------------------------------------------------ groups and streams

    async def create_group(self, group: LogGroup) -> None:
        """Raises LogsExist."""
        await self._database.run(lambda connection: tables.add_group(connection, group))

    async def delete_group(self, key: GroupKey) -> None:
        """The group is gone at once, its events are removed in steps. Raises LogsNotFound, DeletionProtected."""
        await self._change(lambda connection: tables.remove_group(connection, key))
        self._retained.discard(key)

    async def group(self, key: GroupKey) -> LogGroup:
        """Raises LogsNotFound."""
        return await self._database.run(lambda connection: tables.group(connection, key))

    async def groups(self, scope: Scope, *, prefix: str, part: str, after: str, limit: int) -> list[LogGroup]:
        return await self._database.run(lambda connection: tables.groups(connection, scope, prefix, part, after, limit))

    async def set_retention(self, key: GroupKey, days: int | None) -> None:
        """None keeps events as long as there is room. Raises LogsNotFound."""
        await self._change(lambda connection: tables.set_retention(connection, key, days))
        if days is None:
            self._retained.discard(key)
        else:
            self._retained.add(key)

    async def retag(self, key: GroupKey, *, add: dict[str, str], remove: Collection[str] = ()) -> None:
        """Raises LogsNotFound, LogsLimitExceeded."""
        await self._database.run(lambda connection: tables.retag(connection, key, add, remove))

    async def create_stream(self, key: GroupKey, name: str) -> None:
        """Raises LogsNotFound, LogsExist."""
        now_ms = self._clock.now_ms()
        await self._database.run(lambda connection: tables.add_stream(connection, key, name, now_ms))

    async def delete_stream(self, key: GroupKey, name: str) -> None:
        """Raises LogsNotFound."""
        await self._change(lambda connection: tables.remove_stream(connection, key, name))

    async def streams(
        self, key: GroupKey, *, prefix: str, after: tuple[int, str] | None, limit: int, by_time: bool, descending: bool
    ) -> list[LogStream]:
        """Raises LogsNotFound."""
        return await self._database.run(
            lambda connection: tables.streams(connection, key, prefix, after, limit, by_time, descending)
        )

    async def streams_named(self, key: GroupKey, names: Collection[str]) -> list[str]:
        """Those of the names that are streams. Raises LogsNotFound."""
        return await self._database.run(lambda connection: reading.streams_named(connection, key, names))

    # ------------------------------------------------------------ on the database's thread

    def _add_anyhow(
        self, key: GroupKey, stream: str, events: Events, size_bytes: int, now_ms: int, connection: Connection
    ) -> None:
        if tables.group_id(connection, key) is None:
            tables.add_group(connection, LogGroup(key=key, created_ms=now_ms))
        number = tables.need_group(connection, key)
        if tables.stream_id(connection, number, stream) is None:
            tables.add_stream(connection, key, stream, now_ms)
        self._add(key, stream, events, size_bytes, now_ms, connection)

    def _add(
        self, key: GroupKey, stream: str, events: Events, size_bytes: int, now_ms: int, connection: Connection
    ) -> None:
        ids = tables.need_stream(connection, key, stream)
        if not events:  # all of a batch can be too old
            return
        self._make_room(connection, size_bytes, now_ms)
        tables.add_events(connection, ids, events, size_bytes, now_ms)

    def _make_room(self, connection: Connection, size_bytes: int, now_ms: int) -> None:
        """Removes the oldest events until there is room for twice what comes: rows and indexes take more than texts."""
        while self._database.room(connection) < 2 * size_bytes and tables.remove_oldest(connection, now_ms):
            pass

    # ------------------------------------------------------------ in the background

    async def _change(self, job: Callable[[Connection], None]) -> None:
        await self._database.run(job)
        self._begin_work()

    def _after_append(self, key: GroupKey, stream: str, events: Events, now_ms: int) -> None:
        self.followers.offer(key, stream, events, now_ms)
        if self._timer is None and key in self._retained:
            self._begin_work()

    def _begin_work(self) -> None:
        """Removes what is doomed or expired, then sets the timer to when something will be."""
        if not self._closed and (self._work is None or self._work.done()):
            self._work = asyncio.get_running_loop().create_task(self._remove())

    async def _remove(self) -> None:
        now_ms = self._clock.now_ms()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        try:
            for step in (tables.remove_doomed, tables.remove_expired):
                while not self._closed and await self._database.run(partial(_step, step, now_ms)):
                    pass
            due_ms = await self._database.run(tables.next_expiry_ms)
        except DatabaseFailed as error:
            log.warning("expired logs could not be removed: %s", error)
            due_ms = None
        if due_ms is not None and not self._closed:
            wait_ms = min(max(due_ms - now_ms, EXPIRE_EVERY_MS), _TIMER_MAX_MS)
            self._timer = self._clock.call_later(wait_ms / 1000, self._expire)

    def _expire(self) -> None:
        self._timer = None
        self._begin_work()

    def _count_lost(self, where: tuple[GroupKey, str], events: int) -> None:
        if not self._lost:
            log.warning("log events are dropped: more than the disk takes is printed, first in %s", where[0].name)
        if where in self._lost or len(self._lost) < _KNOWN_STREAMS:
            self._lost[where] = self._lost.get(where, 0) + events
        self.dropped_events += events


def _step(step: Callable[[Connection, int], bool], now_ms: int, connection: Connection) -> bool:
    return step(connection, now_ms)


def _size_bytes(events: Events) -> int:
    return sum(len(message.encode()) + EVENT_OVERHEAD_BYTES for _, message in events)
