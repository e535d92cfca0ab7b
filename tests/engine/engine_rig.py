"""Builders for the engine's tests: a store whose faults are chosen, and brokers on a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from streamcore.broker import Broker, start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.errors import StorageFailed, StorageFull
from streamcore.model.record import Chunk
from streamcore.store.base import Batch, Extent, ShardKey, Store, Table, Usage
from streamcore.store.memory import MemoryStore


class FaultyStore:
    """A store in front of another: commits fail as told, wait at a gate, or are lost with the power."""

    def __init__(self, inner: Store | None = None) -> None:
        self.inner = inner or MemoryStore()
        self.batches: list[Batch] = []
        self.trims: list[tuple[ShardKey, int]] = []
        self.drops: list[int] = []
        self.commits = 0
        #: Number of a commit (from 1) → what it raises.
        self.failures: dict[int, Exception] = {}
        #: What any commit raises for which this returns something.
        self.refuse: Callable[[Batch], Exception | None] = lambda batch: None
        #: Commits wait here while it is cleared.
        self.gate = asyncio.Event()
        self.gate.set()
        self._failed: str | None = None

    def prepare(self, chunk: Chunk) -> Chunk:
        return self.inner.prepare(chunk)

    async def commit(self, batch: Batch) -> None:
        self.commits += 1
        number = self.commits
        await self.gate.wait()
        await turns(3)  # a real store's thread takes its time
        if self._failed:
            raise StorageFailed(path="/volume", reason=self._failed)
        error = self.failures.get(number) or self.refuse(batch)
        if isinstance(error, StorageFailed):
            self._failed = "Input/output error"
        if error is not None:
            raise error
        self.batches.append(batch)
        await self.inner.commit(batch)

    async def trim(self, shard: ShardKey, horizon_ms: int, max_blocks: int) -> Extent:
        self.trims.append((shard, horizon_ms))
        await asyncio.sleep(0)
        return await self.inner.trim(shard, horizon_ms, max_blocks)

    async def drop(self, stream_id: int, max_blocks: int) -> bool:
        self.drops.append(stream_id)
        await asyncio.sleep(0)
        return await self.inner.drop(stream_id, max_blocks)

    async def read(self, shard: ShardKey, index: int, max_records: int, max_bytes: int) -> list[Chunk]:
        return await self.inner.read(shard, index, max_records, max_bytes)

    async def seek(self, shard: ShardKey, arrival_ms: int) -> int:
        return await self.inner.seek(shard, arrival_ms)

    async def extents(self) -> dict[ShardKey, Extent]:
        return await self.inner.extents()

    async def scan(self, table: Table, prefix: bytes = b"") -> list[tuple[bytes, bytes]]:
        return await self.inner.scan(table, prefix)

    def usage(self) -> Usage:
        return self.inner.usage()

    def unready_reason(self) -> str | None:
        return self._failed or self.inner.unready_reason()

    async def close(self) -> None:
        await self.inner.close()

    async def reopened(self, *, lose: int = 0) -> FaultyStore:
        """What a restart finds; with `lose`, after a power failure that took the last commits back."""
        store = MemoryStore()
        for batch in self.batches[: len(self.batches) - lose]:
            await store.commit(batch)
        if not lose and isinstance(self.inner, MemoryStore):
            store = self.inner.reopened()
        other = FaultyStore(store)
        other.batches = self.batches[: len(self.batches) - lose]
        return other


def full() -> StorageFull:
    return StorageFull(path="/volume")


def failed() -> StorageFailed:
    return StorageFailed(path="/volume", reason="Input/output error")


async def turns(count: int = 20) -> None:
    """Lets everything that can run do so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    """Lets everything run, one step at a time, until the condition holds."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never held")


class Rig:
    """A broker on a faulty store and a clock that stands still; `restart` is a kill -9 and a start."""

    def __init__(self) -> None:
        self.store = FaultyStore()
        self.clock = ManualClock()
        self.broker: Broker
        self._brokers: list[Broker] = []
        self.options: dict[str, Any] = {"limits": "off", "transition_ms": 0}

    async def start(self, **options: Any) -> Broker:
        self.options |= options
        self.broker = await start_broker(settings(**self.options), data=None, clock=self.clock, store=self.store)
        self._brokers.append(self.broker)
        await self.broker.trimmer.settled()
        return self.broker

    async def restart(self, *, lose: int = 0, **options: Any) -> Broker:
        """The old broker is left as a killed process is: what it had not committed never is."""
        self.store.refuse = lambda batch: failed()
        self.store.gate.set()
        self.store = await self.store.reopened(lose=lose)
        return await self.start(**options)

    async def finish(self, work: Awaitable[Any], *, step_s: float = 0.0) -> Any:
        """Awaits something while time passes."""
        task = asyncio.ensure_future(work)
        for _ in range(200):
            await turns(5)
            if task.done():
                break
            self.clock.advance(step_s)
        return await task

    async def close(self) -> None:
        self.store.gate.set()
        for broker in self._brokers:
            await broker.close()
