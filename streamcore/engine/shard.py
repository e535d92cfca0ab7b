"""A shard that is in use: its numbering, its limits, its tail, and what it has counted."""

from __future__ import annotations

import asyncio

from streamcore.model.ondemand import Load
from streamcore.model.record import Chunk
from streamcore.model.stream import LimitMode, ShardInfo
from streamcore.model.throttle import ReadBudget, WriteBudget
from streamcore.store.base import Extent, ShardKey


class ShardCounters:
    """Totals since start, under CloudWatch's names in metrics.py."""

    __slots__ = (
        "get_records_calls",
        "incoming_bytes",
        "incoming_records",
        "iterator_age_ms",
        "outgoing_bytes",
        "outgoing_records",
        "read_throttled",
        "write_throttled",
    )

    def __init__(self) -> None:
        self.incoming_bytes = self.incoming_records = self.write_throttled = 0
        self.iterator_age_ms = 0
        self.outgoing_bytes = self.outgoing_records = self.read_throttled = self.get_records_calls = 0


class Shard:
    """One shard of one stream. Records get their index when they are accepted, readers see them when committed."""

    __slots__ = (
        "_waiters",
        "committed_index",
        "counters",
        "info",
        "is_gone",
        "key",
        "last_arrival_ms",
        "load",
        "next_index",
        "oldest_arrival_ms",
        "read_budget",
        "write_budget",
    )

    def __init__(self, stream_id: int, info: ShardInfo, extent: Extent | None) -> None:
        self.key = ShardKey(stream_id, info.number)
        self.is_gone = False
        self.info = info
        # Index 0 is the shard's own StartingSequenceNumber, the first record has 1.
        self.next_index = max(extent.next_index, 1) if extent else 1
        self.committed_index = self.next_index
        self.last_arrival_ms = extent.last_arrival_ms if extent else 0
        self.oldest_arrival_ms: int | None = extent.first_arrival_ms if extent and not extent.is_empty else None
        self.write_budget = WriteBudget()
        self.read_budget = ReadBudget()
        self.counters = ShardCounters()
        #: What it was offered lately; of on-demand streams only.
        self.load: Load | None = None
        self._waiters: list[asyncio.Future[None]] = []

    def admit(self, sizes: list[int], now: float, mode: LimitMode) -> list[bool] | None:
        """Which of these records the limits let in; None for all of them. Counts what is refused."""
        if mode is LimitMode.OFF:
            return None
        passed = self.write_budget.take(sizes, now)
        if passed is None:
            return None
        self.counters.write_throttled += passed.count(False)
        return passed if mode is LimitMode.ENFORCE else None

    def stamp(self, keys: list[bytes], datas: list[bytes], now_ms: int) -> Chunk:
        """Gives the records their indexes and their arrival time, which never goes back within a shard."""
        arrival_ms = self.last_arrival_ms = max(self.last_arrival_ms, now_ms)
        first_index = self.next_index
        self.next_index = first_index + len(datas)
        return Chunk(first_index, arrival_ms, keys, datas)

    def committed(self, chunk: Chunk, size_bytes: int) -> None:
        """The chunk is durable: readers may see it, and those who wait are woken."""
        self.committed_index = chunk.next_index
        self.counters.incoming_records += len(chunk.datas)
        self.counters.incoming_bytes += size_bytes
        if self.oldest_arrival_ms is None:
            self.oldest_arrival_ms = chunk.arrival_ms
        self.wake()

    def wake(self) -> None:
        """Wakes everybody who waits at the tail: records came, or the shard was closed."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def retire(self) -> None:
        """Nothing will be committed any more: the stream is deleted, or the broker closed."""
        self.is_gone = True
        self.wake()

    def watch(self, waiter: asyncio.Future[None]) -> None:
        """Has `waiter` resolved at the next wake, for whoever waits for other things too; ends with `unwatch`."""
        self._waiters.append(waiter)

    def unwatch(self, waiter: asyncio.Future[None]) -> None:
        if waiter in self._waiters:
            self._waiters.remove(waiter)

    async def wait(self, index: int) -> None:
        """Returns when there may be something new at `index`: a commit, or the shard's end."""
        if self.committed_index > index or not self.info.is_open or self.is_gone:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def __repr__(self) -> str:
        waiting = len(self._waiters)
        state = "open" if self.info.is_open else "closed"
        return f"<Shard {self.info.shard_id} {state}, committed {self.committed_index - 1}, {waiting} waiting>"
