"""An event source mapping at work: the pollers of its shards, parents before their children."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from runtime.errors import PoolClosedError
from runtime.mappings.checkpoints import SHARD_END, Checkpoints
from runtime.mappings.poller import (
    Discarded,
    Form,
    Invoke,
    OnAge,
    OnOutcome,
    ShardPoller,
    ShardStats,
    Surroundings,
)
from runtime.mappings.progress import Progress, ProgressKeeper
from runtime.mappings.rights import Right
from runtime.model.event_source_mapping import NO_RECORDS, OK
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

FormOf = Callable[[ShardInfo, int], Form]
"""How the records of a lane of a shard look."""
GivenUp = Callable[[MappingConfig, Discarded], Awaitable[None]]
_LANES: Final = "mapping-lanes"


class Mapping:
    """Delivers the records of one stream to one function until it is stopped."""

    def __init__(
        self,
        broker: Broker,
        config: MappingConfig,
        form_of: FormOf,
        invoke: Invoke,
        on_outcome: OnOutcome | None = None,
        given_up: GivenUp | None = None,
        on_age: OnAge | None = None,
        right: Right | None = None,
    ) -> None:
        self.config = config
        self.state = State.CREATING
        self.stats: dict[str, ShardStats] = {}
        self._broker = broker
        self._form_of = form_of
        self._lanes = config.parallelization_factor
        self._checkpoints = [self._checkpoints_of(lane) for lane in range(self._lanes)]
        self._progress = ProgressKeeper(broker, config.uuid)
        self._around = Surroundings(
            broker, config, invoke, self._progressed, self._progress.save, self._give_up, on_outcome, on_age, right
        )
        self._given_up = given_up
        self._positions: list[dict[str, int]] = []
        self._kept: dict[tuple[str, int], Progress] = {}
        self._pollers: dict[tuple[str, int], ShardPoller] = {}
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._moved = asyncio.Event()
        self._retries: list[Timer] = []

    def __repr__(self) -> str:
        return f"<Mapping {self.config.uuid} {self.config.function_name} {self.state.value}, {len(self._tasks)} tasks>"

    @property
    def is_current(self) -> bool:
        """A stream that is gone ends its tasks; what is kept of the mapping is not begun anew by that."""
        return True

    @property
    def last_processing_result(self) -> str:
        """`No records processed`, `OK`, or `PROBLEM: …` while any shard has one (facts 1.4)."""
        results = {poller.last_result for poller in self._pollers.values()}
        problems = sorted(result for result in results if result.startswith("PROBLEM"))
        return problems[0] if problems else OK if OK in results else NO_RECORDS

    async def prepare(self) -> None:
        """Finds its positions and makes new ones durable: what LATEST means is fixed by that. Raises StreamNotFound."""
        await self._load()
        await self._find_first_positions()

    async def start(self) -> None:
        """Finds its positions, makes new ones durable, and begins. Raises StreamNotFound."""
        await self.prepare()
        self.state = advance(self.state, State.ENABLED if self.config.enabled else State.DISABLED)
        if self.config.enabled:
            self._follow()

    async def stop(self) -> None:
        """Lets batches in the function's hands end, for up to five seconds, and keeps the positions."""
        for timer in self._retries:
            timer.cancel()
        for key, poller in self._pollers.items():
            poller.stop_after_batch()
            if not poller.is_invoking and key in self._tasks:
                self._tasks[key].cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=STOP_S)
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._flush()
        self._moved.set()

    async def forget(self) -> None:
        """Removes all that is kept of a mapping that was stopped."""
        await self._progress.forget()
        await self._broker.save_document(_LANES, self.config.uuid, None)
        for lane in range(self._lanes):
            await self._broker.delete_checkpoints(self.config.stream, consumer_name(self.config.uuid, lane))

    async def move(self, positions: dict[str, int]) -> None:
        """Of a mapping that is not at work: it will go on at these indexes. Retries and windows of the shards that are
        moved are dropped. Raises StreamNotFound."""
        await self._load()
        for shard, lane in self._kept:
            if shard in positions:
                await self._progress.save(shard, lane, Progress())
        for checkpoints in self._checkpoints:
            await checkpoints.save(positions)

    def progress(self) -> dict[tuple[str, int], Progress]:
        """Retries and windows that are open, by shard and lane."""
        at_work = {key: poller.progress for key, poller in self._pollers.items()}
        return {key: each for key, each in (self._kept | at_work).items() if not each.is_empty}

    async def drained(self) -> None:
        """Returns when everything that was committed before is handled, and its positions are durable."""
        while not self._is_drained():
            self._moved.clear()
            await self._moved.wait()
        await self._flush()

    def positions(self) -> dict[str, int]:
        """Shard id → the index at which its slowest lane is; SHARD_END for one that is used up."""
        shards = {shard for lane in self._positions for shard in lane}
        return {shard: min(lane.get(shard, 0) for lane in self._positions) for shard in shards}

    # ------------------------------------------------------------

    async def _load(self) -> None:
        """Positions of each lane. After a change of ParallelizationFactor each begins where the slowest was: keys have
        gone to other lanes, and none of their records may be left out."""
        kept = await self._broker.document(_LANES, self.config.uuid)
        before = self._lanes if kept is None else int(kept)
        if before != self._lanes:
            await self._redistribute(before)
        self._positions = [await checkpoints.load() for checkpoints in self._checkpoints]
        self._kept = await self._progress.load()
        if kept is None or before != self._lanes:
            await self._broker.save_document(_LANES, self.config.uuid, str(self._lanes).encode())

    async def _redistribute(self, before: int) -> None:
        old = [await self._checkpoints_of(lane).load() for lane in range(before)]
        shards = {shard for lane in old for shard in lane}
        slowest = {shard: min(lane.get(shard, 0) for lane in old) for shard in shards}
        for checkpoints in self._checkpoints:
            await checkpoints.save(slowest)
        await self._progress.forget()
        for lane in range(self._lanes, before):
            await self._broker.delete_checkpoints(self.config.stream, consumer_name(self.config.uuid, lane))

    def _checkpoints_of(self, lane: int) -> Checkpoints:
        return Checkpoints(self._broker, self.config.stream, consumer_name(self.config.uuid, lane))

    async def _flush(self) -> None:
        for checkpoints in self._checkpoints:
            await checkpoints.flush()

    async def _find_first_positions(self) -> None:
        """Where each shard begins that this mapping has not seen: what LATEST means is fixed now, not at a restart.

        A shard that was split from another later on begins at its beginning: its mapping saw the parent.
        """
        if any(self._positions):
            return
        found = {shard.shard_id: await self._first_position(shard) for shard in self._shards()}
        for checkpoints in self._checkpoints:
            await checkpoints.save(found)
        self._positions = [dict(found) for _ in self._checkpoints]

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
        """Starts the tasks of each shard that may be read now: its parents are used up in every lane, or gone."""
        shards = self._shards()
        known = {shard.number: shard.shard_id for shard in shards}
        for shard in shards:
            parents = [known[n] for n in (shard.parent, shard.adjacent_parent) if n in known]
            if not all(self._is_used_up(parent) for parent in parents):
                continue
            for lane in range(self._lanes):
                done = self._positions[lane].get(shard.shard_id) == SHARD_END
                if not done and (shard.shard_id, lane) not in self._pollers:
                    self._begin(shard, lane)

    def _is_used_up(self, shard_id: str) -> bool:
        return all(lane.get(shard_id) == SHARD_END for lane in self._positions)

    def _begin(self, shard: ShardInfo, lane: int) -> None:
        key = shard.shard_id, lane
        progress = self._kept.pop(key, None) or Progress()
        poller = ShardPoller(
            self._around,
            shard.shard_id,
            lane,
            max(self._positions[lane].get(shard.shard_id, 0), progress.from_index),
            self._form_of(shard, lane),
            self.stats.setdefault(shard.shard_id, ShardStats()),
            progress,
        )
        self._pollers[key] = poller
        task = asyncio.get_running_loop().create_task(poller.run(), name=f"poller-{shard.shard_id}-{lane}")
        self._tasks[key] = task
        task.add_done_callback(lambda task: self._ended(key, task))

    def _progressed(self, shard_id: str, lane: int, index: int) -> None:
        self._positions[lane][shard_id] = index
        self._checkpoints[lane].move(shard_id, index)
        self._moved.set()

    async def _give_up(self, what: Discarded) -> None:
        if self._given_up is not None:
            await self._given_up(self.config, what)

    def _ended(self, key: tuple[str, int], task: asyncio.Task[None]) -> None:
        self._tasks.pop(key, None)
        self._moved.set()
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, (StreamNotFound, ShardNotFound, ResourceNotFound)):
            log.warning("%s ends: %s", self._pollers[key], error)
            if isinstance(error, ShardNotFound):
                # It expired with all that was in it; its children may be read now.
                self._positions[key[1]][key[0]] = SHARD_END
                self._follow()
        elif isinstance(error, (PoolClosedError, BrokerClosed)):
            log.debug("%s ends: %s", self._pollers[key], error)
        elif error is not None:
            log.error("%r failed and begins again", self._pollers[key], exc_info=error)
            self._retries.append(self._broker.clock.call_later(RESTART_S, lambda: self._begin_again(key)))
        elif self._is_used_up(key[0]):
            self._follow()

    def _begin_again(self, key: tuple[str, int]) -> None:
        self._kept[key] = self._pollers.pop(key).progress
        self._follow()

    def _is_drained(self) -> bool:
        positions = self.positions()
        for shard in self._shards():
            tip = self._broker.tip(self.config.stream, shard.shard_id)
            if positions.get(shard.shard_id, 0) < tip and tip > 1:  # 1 is the tip of a shard nothing came to
                return False
        return True


def consumer_name(uuid: str, lane: int) -> str:
    """Under which the positions of a lane are kept."""
    return f"mapping:{uuid}" if lane == 0 else f"mapping:{uuid}:{lane}"
