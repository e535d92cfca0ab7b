"""Gives space back: records past their retention, streams that were deleted, producers that went silent.

One timer, armed for the moment the oldest record expires (not more often than once a minute); nothing runs when there
is nothing to expire. Work goes in small transactions between the writers' own, so that no commit waits for a clean-up.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import msgspec

from streamcore.clock import Clock, Timer
from streamcore.engine.catalog import Catalog
from streamcore.engine.committer import Committer
from streamcore.engine.producers import Producers
from streamcore.engine.shard import Shard
from streamcore.engine.stream import Stream
from streamcore.errors import BrokerClosed, StorageCorrupt, StorageFailed, StorageFull
from streamcore.model.retention import next_trim_delay_s
from streamcore.store.base import Row, Store, Table

log = logging.getLogger(__name__)

BLOCKS_PER_STEP: Final = 256
RETRY_AFTER_S: Final = 60.0


class Trimmer:
    def __init__(
        self, store: Store, committer: Committer, catalog: Catalog, producers: Producers, clock: Clock
    ) -> None:
        self._store = store
        self._committer = committer
        self._catalog = catalog
        self._producers = producers
        self._clock = clock
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def arm(self) -> None:
        """Sets the timer when something can expire and it is not set; called after each commit, so it is cheap."""
        if self._timer is None and self._task is None:
            delay_s = self._next_delay_s()
            if delay_s is not None:
                self._timer = self._clock.call_later(delay_s, self.start)

    def start(self) -> None:
        """Trims now, in the background; once more if that is under way."""
        self._disarm()
        self._again = True
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="trimmer")

    async def settled(self) -> None:
        """Returns when no trimming is under way."""
        while self._task is not None:
            await asyncio.shield(self._task)

    async def close(self) -> None:
        self._disarm()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # ------------------------------------------------------------

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _next_delay_s(self) -> float | None:
        now_ms = self._clock.now_ms()
        delays = [
            next_trim_delay_s(oldest_ms, now_ms, stream.info.retention_ms)
            for stream in self._catalog
            for shard in stream.shards.values()
            # A closed shard without records expires itself.
            if (oldest_ms := shard.oldest_arrival_ms or shard.info.closed_ms) is not None
        ]
        return min(delays, default=None)

    async def _run(self) -> None:
        try:
            while self._again:
                self._again = False
                await self._pass()
        except (StorageFull, StorageFailed, BrokerClosed) as error:
            log.warning("trimming stopped: %s", error)
            self._timer = self._clock.call_later(RETRY_AFTER_S, self.start)
        finally:
            self._task = None
        self.arm()

    async def _pass(self) -> None:
        for stream_id in sorted(self._catalog.dropped):
            await self._remove_dropped(stream_id)
        for stream in self._catalog:
            for shard in list(stream.shards.values()):
                try:
                    await self._trim(stream, shard)
                except StorageCorrupt as error:
                    log.error("%s of stream %s is not trimmed: %s", shard.info.shard_id, stream.info.name, error)
            await self._remove_expired_shards(stream)
            await self._producers.expire(stream.info)

    async def _remove_dropped(self, stream_id: int) -> None:
        """Records first, the mark last: a restart in between goes on."""
        while not await self._store.drop(stream_id, BLOCKS_PER_STEP):
            pass
        await self._producers.remove(stream_id)
        for key, _ in await self._store.scan(Table.CHECKPOINTS, stream_id.to_bytes(4, "big")):
            await self._committer.submit([], [Row(Table.CHECKPOINTS, key, None)])
        await self._catalog.forget(stream_id)

    async def _remove_expired_shards(self, stream: Stream) -> None:
        """Takes closed shards off the stream once their records are gone. Consumers' positions in them stay: one that
        knows of no position at all would take itself for new."""
        if not self._expired_shards(stream):
            return
        async with stream.changing:
            gone = self._expired_shards(stream)
            if not gone or self._catalog.get(stream.info.stream_id) is not stream:
                return
            kept = tuple(shard for shard in stream.info.shards if shard.number not in gone)
            await self._catalog.change(stream, msgspec.structs.replace(stream.info, shards=kept))

    def _expired_shards(self, stream: Stream) -> set[int]:
        listed = {info.number for info in stream.info.listed_shards(self._clock.now_ms())}
        return {number for number, s in stream.shards.items() if number not in listed and s.oldest_arrival_ms is None}

    async def _trim(self, stream: Stream, shard: Shard) -> None:
        first_index = -1
        while True:
            horizon = stream.info.horizon_ms(self._clock.now_ms())
            if shard.oldest_arrival_ms is None or shard.oldest_arrival_ms > horizon:
                return
            extent = await self._store.trim(shard.key, horizon, BLOCKS_PER_STEP)
            if not extent.is_empty:
                shard.oldest_arrival_ms = extent.first_arrival_ms
            elif shard.committed_index <= extent.next_index:
                shard.oldest_arrival_ms = None
            if extent.first_index == first_index:
                return  # a block with younger records in it stays until all of it has expired
            first_index = extent.first_index
