"""Gives space back: records past their retention, streams that were deleted, producers that went silent.

One timer, armed for the moment the oldest record expires (not more often than once a minute); nothing runs when there
is nothing to expire. Work goes in small transactions between the writers' own, so that no commit waits for a clean-up.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from streamcore.clock import Clock, Timer
from streamcore.engine.catalog import Catalog
from streamcore.engine.producers import Producers
from streamcore.engine.shard import Shard
from streamcore.engine.stream import Stream
from streamcore.errors import BrokerClosed, StorageFailed, StorageFull
from streamcore.model.retention import horizon_ms, next_trim_delay_s
from streamcore.store.base import Store

log = logging.getLogger(__name__)

BLOCKS_PER_STEP: Final = 256
RETRY_AFTER_S: Final = 60.0


class Trimmer:
    def __init__(self, store: Store, catalog: Catalog, producers: Producers, clock: Clock) -> None:
        self._store = store
        self._catalog = catalog
        self._producers = producers
        self._clock = clock
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None

    def arm(self) -> None:
        """Sets the timer when something can expire and it is not set; called after each commit, so it is cheap."""
        if self._timer is None and self._task is None:
            delay_s = self._next_delay_s()
            if delay_s is not None:
                self._timer = self._clock.call_later(delay_s, self.start)

    def start(self) -> None:
        """Trims now, in the background."""
        self._disarm()
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
            next_trim_delay_s(shard.oldest_arrival_ms, now_ms, stream.info.retention_ms)
            for stream in self._catalog
            for shard in stream.shards.values()
            if shard.oldest_arrival_ms is not None
        ]
        return min(delays, default=None)

    async def _run(self) -> None:
        try:
            for stream_id in sorted(self._catalog.dropped):
                await self._remove_dropped(stream_id)
            for stream in self._catalog:
                for shard in list(stream.shards.values()):
                    await self._trim(stream, shard)
                await self._producers.expire(stream.info)
        except (StorageFull, StorageFailed, BrokerClosed) as error:
            log.warning("trimming stopped: %s", error)
            self._timer = self._clock.call_later(RETRY_AFTER_S, self.start)
        finally:
            self._task = None
        self.arm()

    async def _remove_dropped(self, stream_id: int) -> None:
        while not await self._store.drop(stream_id, BLOCKS_PER_STEP):
            pass
        await self._producers.remove(stream_id)
        await self._catalog.forget(stream_id)

    async def _trim(self, stream: Stream, shard: Shard) -> None:
        while True:
            horizon = horizon_ms(self._clock.now_ms(), stream.info.retention_ms)
            if shard.oldest_arrival_ms is None or shard.oldest_arrival_ms > horizon:
                return
            before_ms = shard.oldest_arrival_ms
            extent = await self._store.trim(shard.key, horizon, BLOCKS_PER_STEP)
            if not extent.is_empty:
                shard.oldest_arrival_ms = extent.first_arrival_ms
            elif shard.committed_index <= extent.next_index:
                shard.oldest_arrival_ms = None
            if shard.oldest_arrival_ms == before_ms:
                return  # a block with younger records in it stays until all of it has expired
