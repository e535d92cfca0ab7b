"""Positions of one mapping, kept in the broker after the outcome, never before it.

Saving is joined: while one commit is under way the newer positions wait for the next, so a fast mapping pays one row
per group commit and no batch waits for the disk.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

from streamcore.errors import StreamcoreError

log = logging.getLogger(__name__)

#: The position of a shard that was read to its end.
SHARD_END: Final = 2**63 - 1


class CheckpointKeeper(Protocol):
    """What the broker offers for it."""

    async def save_checkpoint(self, name: str, consumer: str, positions: dict[str, int]) -> None: ...

    async def checkpoints(self, name: str, consumer: str) -> dict[str, int]: ...


class Checkpoints:
    """Shard id → index at which to go on."""

    def __init__(self, keeper: CheckpointKeeper, stream: str, consumer: str) -> None:
        self._keeper = keeper
        self._stream = stream
        self._consumer = consumer
        self._dirty: dict[str, int] = {}
        self._saving: asyncio.Task[None] | None = None

    async def load(self) -> dict[str, int]:
        return await self._keeper.checkpoints(self._stream, self._consumer)

    async def save(self, positions: dict[str, int]) -> None:
        """Returns when these positions are durable. Raises what the broker raises."""
        await self._keeper.save_checkpoint(self._stream, self._consumer, positions)

    def move(self, shard: str, index: int) -> None:
        """Notes a position; it is durable soon."""
        self._dirty[shard] = index
        if self._saving is None:
            self._saving = asyncio.get_running_loop().create_task(self._save_dirty(), name="checkpoints")

    async def flush(self) -> None:
        """Returns when nothing waits to be saved."""
        while self._saving is not None:
            await asyncio.shield(self._saving)

    async def _save_dirty(self) -> None:
        try:
            while self._dirty:
                positions, self._dirty = self._dirty, {}
                await self.save(positions)
        except StreamcoreError as error:
            # The records will come again after a restart: at least once holds, and the next batch saves anew.
            log.warning("positions of %s in %s were not saved: %s", self._consumer, self._stream, error)
        finally:
            self._saving = None
