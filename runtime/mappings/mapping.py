"""An event source mapping at work: the pollers of its shards, parents before their children."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from runtime.errors import PoolClosedError
from runtime.mappings.checkpoints import SHARD_END, Checkpoints
from runtime.mappings.poller import Form, Invoke, OnOutcome, ShardPoller, ShardStats
from runtime.model.mapping import MappingConfig, StartingPosition, State, advance
from streamcore.broker import Broker
from streamcore.clock import Timer
from streamcore.errors import BrokerClosed, ResourceNotFound, ShardNotFound, StreamNotFound
from streamcore.model.iterator import IteratorType
from streamcore.model.stream import ShardInfo

log = logging.getLogger(__name__)

#: Time for batches that are being handled when a mapping stops, in seconds.
STOP_S: Final = 5.0
#: After a fault of ours in a shard, it begins again from its position that much later.
RESTART_S: Final = 5.0

FormOf = Callable[[ShardInfo], Form]


class Mapping:
    """Delivers the records of one stream to one function until it is stopped."""

    def __init__(
        self,
        broker: Broker,
        config: MappingConfig,
        form_of: FormOf,
        invoke: Invoke,
        on_outcome: OnOutcome | None = None,
    ) -> None:
        self.config = config
        self.state = State.CREATING
        self._broker = broker
        self._form_of = form_of
        self._invoke = invoke
        self._on_outcome = on_outcome
        self._checkpoints = Checkpoints(broker, config.stream, config.uuid)
        self._positions: dict[str, int] = {}
        self._pollers: dict[str, ShardPoller] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._moved = asyncio.Event()
        self._retries: list[Timer] = []

    def __repr__(self) -> str:
        return f"<Mapping {self.config.uuid} {self.config.function_name} {self.state.value}, {len(self._tasks)} shards>"

    @property
    def stats(self) -> dict[str, ShardStats]:
        """By shard id."""
        return {shard: poller.stats for shard, poller in self._pollers.items()}

    @property
    def last_processing_result(self) -> str:
        """`No records processed`, `OK`, or `PROBLEM: …` while any shard has one (facts 1.4)."""
        results = {poller.last_result for poller in self._pollers.values()}
        problems = sorted(result for result in results if result.startswith("PROBLEM"))
        return problems[0] if problems else "OK" if "OK" in results else "No records processed"

    async def start(self) -> None:
        """Finds its positions, makes new ones durable, and begins. Raises StreamNotFound."""
        self._positions = await self._checkpoints.load()
        await self._find_first_positions()
        self.state = advance(self.state, State.ENABLED if self.config.enabled else State.DISABLED)
        if self.config.enabled:
            self._follow()

    async def stop(self) -> None:
        """Lets batches in the function's hands end, for up to five seconds, and keeps the positions."""
        for timer in self._retries:
            timer.cancel()
        for shard, poller in self._pollers.items():
            poller.stop_after_batch()
            if not poller.is_invoking and shard in self._tasks:
                self._tasks[shard].cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=STOP_S)
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._checkpoints.flush()
        self._moved.set()

    async def drained(self) -> None:
        """Returns when everything that was committed before is handled, and its positions are durable."""
        while not self._is_drained():
            self._moved.clear()
            await self._moved.wait()
        await self._checkpoints.flush()

    # ------------------------------------------------------------

    async def _find_first_positions(self) -> None:
        """Where each shard begins that this mapping has not seen: what LATEST means is fixed now, not at a restart.

        A shard that was split from another later on begins at its beginning: its mapping saw the parent.
        """
        if self._positions:
            return
        found = {shard.shard_id: await self._first_position(shard) for shard in self._shards()}
        await self._checkpoints.save(found)
        self._positions = found

    async def _first_position(self, shard: ShardInfo) -> int:
        config = self.config
        if config.starting_position is StartingPosition.AT_TIMESTAMP:
            return await self._broker.position(
                config.stream, shard.shard_id, IteratorType.AT_TIMESTAMP,
                timestamp_ms=config.starting_position_timestamp_ms,
            )  # fmt: skip
        return await self._broker.position(config.stream, shard.shard_id, IteratorType(config.starting_position.value))

    def _shards(self) -> tuple[ShardInfo, ...]:
        return self._broker.describe_stream(self.config.stream).shards

    def _follow(self) -> None:
        """Starts a poller for each shard that may be read now: its parents are used up, or gone."""
        shards = self._shards()
        known = {shard.number: shard.shard_id for shard in shards}
        for shard in shards:
            parents = [known[n] for n in (shard.parent, shard.adjacent_parent) if n in known]
            waits = any(self._positions.get(parent) != SHARD_END for parent in parents)
            if waits or shard.shard_id in self._pollers or self._positions.get(shard.shard_id) == SHARD_END:
                continue
            self._begin(shard)

    def _begin(self, shard: ShardInfo) -> None:
        poller = ShardPoller(
            self._broker,
            self.config,
            shard.shard_id,
            self._positions.get(shard.shard_id, 0),
            self._form_of(shard),
            self._invoke,
            self._progressed,
            self._on_outcome,
        )
        self._pollers[shard.shard_id] = poller
        task = asyncio.get_running_loop().create_task(poller.run(), name=f"poller-{shard.shard_id}")
        self._tasks[shard.shard_id] = task
        task.add_done_callback(lambda task: self._ended(shard.shard_id, task))

    def _progressed(self, shard_id: str, index: int) -> None:
        self._positions[shard_id] = index
        self._checkpoints.move(shard_id, index)
        self._moved.set()

    def _ended(self, shard_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(shard_id, None)
        self._moved.set()
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, (StreamNotFound, ShardNotFound, ResourceNotFound)):
            log.warning("%s ends: %s", self._pollers[shard_id], error)
        elif isinstance(error, (PoolClosedError, BrokerClosed)):
            log.debug("%s ends: %s", self._pollers[shard_id], error)
        elif error is not None:
            log.error("%r failed and begins again", self._pollers[shard_id], exc_info=error)
            del self._pollers[shard_id]
            self._retries.append(self._broker.clock.call_later(RESTART_S, self._follow))
        elif self._positions.get(shard_id) == SHARD_END:
            self._follow()

    def _is_drained(self) -> bool:
        for shard in self._shards():
            tip = self._broker.tip(self.config.stream, shard.shard_id)
            if self._positions.get(shard.shard_id, 0) < tip and tip > 1:  # 1 is the tip of a shard nothing came to
                return False
        return True
