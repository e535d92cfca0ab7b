"""Group commit: everything that waits goes into one transaction and one sync, and each request has one future.

While a group is being written the next one gathers; nobody lingers on a timer. A refused write never fails its
neighbours: if a group fails for a reason that is not the volume's, its writes are tried one by one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from streamcore.clock import Clock
from streamcore.engine.histogram import COUNT_BOUNDS, Histogram
from streamcore.engine.shard import Shard
from streamcore.errors import BrokerClosed, StorageFailed, StorageFull, StreamcoreError
from streamcore.model.record import Chunk
from streamcore.store.base import Append, Batch, Row, ShardKey, Store

log = logging.getLogger(__name__)

#: Best of the caps measured (docs/architecture.md): larger groups only make everybody in them wait longer.
GROUP_MAX_BYTES: Final = 4 * 1024 * 1024
#: Turns of the loop before a group is taken, when the last one had several writes and was smaller than this.
GATHER_TURNS: Final = 4
GATHER_MAX_BYTES: Final = 64 * 1024
#: What may wait to be written before writers are held back.
PENDING_MAX_BYTES: Final = 64 * 1024 * 1024


class Write:
    """What one request wants written: chunks with their sizes, and rows."""

    __slots__ = ("chunks", "done", "rows", "size_bytes")

    def __init__(self, chunks: list[tuple[Shard, Chunk, int]], rows: list[Row], done: asyncio.Future[None]) -> None:
        self.chunks = chunks
        self.rows = rows
        self.done = done
        self.size_bytes = 0
        for _, _, size_bytes in chunks:
            self.size_bytes += size_bytes
        for row in rows:
            self.size_bytes += len(row.value or b"")


class Committer:
    """The one queue to the store."""

    def __init__(self, store: Store, clock: Clock, on_committed: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._clock = clock
        self._on_committed = on_committed
        self._queue: deque[Write] = deque()
        self._pump: asyncio.Task[None] | None = None
        self._room: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self.pending_bytes = 0
        self.commit_s = Histogram()
        self.group_records = Histogram(COUNT_BOUNDS)
        self.failures = 0

    def submit(self, chunks: list[tuple[Shard, Chunk, int]], rows: list[Row] | None = None) -> asyncio.Future[None]:
        """Queues a write; the future resolves when it is durable. The order of calls is the order in the log.

        The future raises StorageFull or StorageFailed. Cancelling it does not take the write back.
        """
        if self._closed:
            raise BrokerClosed
        prepare = self._store.prepare
        chunks = [(shard, prepare(chunk), size_bytes) for shard, chunk, size_bytes in chunks]
        write = Write(chunks, rows or [], asyncio.get_running_loop().create_future())
        self._queue.append(write)
        self.pending_bytes += write.size_bytes
        if self._pump is None:
            self._pump = asyncio.get_running_loop().create_task(self._run(), name="committer")
        return write.done

    @property
    def is_crowded(self) -> bool:
        return self.pending_bytes >= PENDING_MAX_BYTES

    @property
    def must_wait(self) -> bool:
        """Whether `room` would wait: a closed committer has no room to wait for, `submit` says so."""
        return self.is_crowded and not self._closed

    async def room(self) -> None:
        """Waits until the queue is below its bound: the back-pressure of `put`. First come, first served."""
        loop = asyncio.get_running_loop()
        enqueue = self._room.append
        while self.is_crowded and not self._closed:
            waiter = loop.create_future()
            enqueue(waiter)
            enqueue = self._room.appendleft  # whoever was woken in vain keeps its place
            try:
                await waiter
            finally:
                # Whether this one writes, fails or gave up: once it has had its turn, the next one looks.
                loop.call_soon(self._wake_room)

    async def close(self) -> None:
        """Writes what waits, then takes no more."""
        self._closed = True
        self._wake_room()
        if self._pump is not None:
            await asyncio.shield(self._pump)

    # ------------------------------------------------------------

    async def _run(self) -> None:
        try:
            group: list[Write] = []
            while self._queue:
                if len(group) > 1 and sum(write.size_bytes for write in group) < GATHER_MAX_BYTES:
                    await self._gather()
                group = self._next_group()
                await self._commit(group)
        finally:
            self._pump = None

    async def _gather(self) -> None:
        """Lets the loop turn a few times: those who were just answered put again and join this group, instead of
        forming one of their own that takes turns with it. Halves the commits of many small puts, whose cost is the
        commit. A lone writer, whose groups are of one, does not wait; nor do large puts, for which it is better that
        one group is made while another is written."""
        for _ in range(GATHER_TURNS):
            await asyncio.sleep(0)

    def _next_group(self) -> list[Write]:
        group: list[Write] = []
        size = 0
        while self._queue and (not group or size + self._queue[0].size_bytes <= GROUP_MAX_BYTES):
            write = self._queue.popleft()
            size += write.size_bytes
            group.append(write)
        return group

    async def _commit(self, group: list[Write]) -> None:
        started = self._clock.monotonic()
        try:
            await self._store.commit(_batch(group))
        except (StorageFull, StorageFailed, BrokerClosed) as error:
            self._settle(group, error)
        except Exception as error:  # noqa: BLE001  whatever it is, every waiter must be told
            await self._isolate(group, error)
        else:
            self.commit_s.observe(self._clock.monotonic() - started)
            self._settle(group, None)

    async def _isolate(self, group: list[Write], error: Exception) -> None:
        """A write that the store cannot take must not take the others with it."""
        if len(group) == 1:
            log.error("a write failed", exc_info=error)
            self._settle(group, error)
            return
        for write in group:
            await self._commit([write])

    def _settle(self, group: list[Write], error: Exception | None) -> None:
        self.pending_bytes -= sum(write.size_bytes for write in group)
        if error is None:
            records = 0
            for write in group:
                for shard, chunk, size_bytes in write.chunks:
                    shard.committed(chunk, size_bytes)
                    records += len(chunk.datas)
            if records:
                self.group_records.observe(records)
            self._on_committed()
        else:
            self.failures += 1
        for write in group:
            if not write.done.done():
                if error is None:
                    write.done.set_result(None)
                else:
                    write.done.set_exception(_copy(error))
        self._wake_room()

    def _wake_room(self) -> None:
        """Wakes the longest waiting one, which wakes the next after its turn."""
        while self._room and (self._closed or not self.is_crowded):
            waiter = self._room.popleft()
            if not waiter.done():
                waiter.set_result(None)
                if not self._closed:
                    break

    def __repr__(self) -> str:
        return f"<Committer {len(self._queue)} waiting, {self.pending_bytes} bytes pending>"


def _batch(group: list[Write]) -> Batch:
    appends: dict[ShardKey, list[Chunk]] = {}
    rows: list[Row] = []
    for write in group:
        for shard, chunk, _ in write.chunks:
            appends.setdefault(shard.key, []).append(chunk)
        rows += write.rows
    return Batch([Append(key, chunks) for key, chunks in appends.items()], rows)


def _copy(error: Exception) -> Exception:
    """One exception per waiter: a shared one would gather everybody's tracebacks."""
    return type(error)(**error.data) if isinstance(error, StreamcoreError) else error
