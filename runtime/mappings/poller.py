"""One task per mapping and shard: gathers records, invokes, and does what `model.delivery` decides.

It is woken by the shard's commits; nothing polls. While a batch is being handled the next one is read. A batch that
fails blocks its own shard and no other.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from runtime.errors import EventTooLargeError, PoolBusyError, ThrottledError
from runtime.mappings.checkpoints import SHARD_END
from runtime.model import batching, delivery
from runtime.model.invocation import Outcome
from runtime.model.mapping import MappingConfig
from runtime.model.rendered import RenderedRecord
from streamcore.broker import Broker
from streamcore.clock import sleep_until_ms
from streamcore.model.record import Chunk

log = logging.getLogger(__name__)

_READ_MAX_BYTES: Final = 4 * 1024 * 1024

Invoke = Callable[[bytes], Awaitable[Outcome]]
#: Told the shard, the number of records and the outcome of each invocation.
OnOutcome = Callable[[str, int, Outcome], None]


class Form(NamedTuple):
    """How a source's records and events look; `overhead_bytes` is the event around the records."""

    render: Callable[[Chunk], list[RenderedRecord]]
    event: Callable[[Sequence[RenderedRecord]], bytes]
    overhead_bytes: int


class ShardStats:
    """Totals of one mapping and shard since start."""

    __slots__ = ("batches", "discarded", "errors", "iterator_age_ms", "records")

    def __init__(self) -> None:
        self.batches = self.records = self.errors = self.discarded = 0
        self.iterator_age_ms = 0


class _Segment(NamedTuple):
    """Part of a batch that is still to be handled, and how often it was tried."""

    start: int
    end: int
    attempt: int


class ShardPoller:
    """Feeds the function with the records of one shard, in order.

    `next_index` is where reading goes on, `done_index` up to where everything was handled or given up. `on_progress`
    is told the new `done_index`, which is SHARD_END once a closed shard is used up.
    """

    def __init__(
        self,
        broker: Broker,
        config: MappingConfig,
        shard_id: str,
        start_index: int,
        form: Form,
        invoke: Invoke,
        on_progress: Callable[[str, int], None],
        on_outcome: OnOutcome | None = None,
    ) -> None:
        self._broker = broker
        self._config = config
        self._form = form
        self._invoke = invoke
        self._on_progress = on_progress
        self._on_outcome = on_outcome
        self.shard_id = shard_id
        self.next_index = start_index
        self.done_index = start_index
        self.stats = ShardStats()
        self.last_result = "No records processed"
        self._buffer: deque[RenderedRecord] = deque()
        self._buffered_bytes = 0
        self._at_end = False
        self._stopping = False
        self._invoking = False
        self._previous_end_ms = 0
        self._first_buffered_ms = 0

    def __repr__(self) -> str:
        state = "ended" if self.done_index == SHARD_END else "invoking" if self._invoking else "waiting"
        return f"<ShardPoller {self.shard_id} {state}, done {self.done_index}, {len(self._buffer)} buffered>"

    @property
    def is_invoking(self) -> bool:
        """Whether a batch is with the function just now, not waiting to be sent again."""
        return self._invoking

    def stop_after_batch(self) -> None:
        """The batch that is being handled is the last one."""
        self._stopping = True

    async def run(self) -> None:
        """Returns when the shard is used up, or after the batch during which it was told to stop.

        Raises what the broker raises when the stream or shard goes away.
        """
        while not self._stopping:
            batch = await self._gather()
            if batch is None:
                self._progress(SHARD_END)
                return
            ahead = asyncio.ensure_future(self._fill())
            try:
                await self._deliver(batch)
            finally:
                self._previous_end_ms = self._broker.clock.now_ms()
                await _finish(ahead)

    # ------------------------------------------------------------ gathering

    async def _gather(self) -> list[RenderedRecord] | None:
        """The next batch; None at the end of the shard."""
        while True:
            await self._fill()
            decision = self._decide()
            match decision:
                case batching.Ready(count):
                    return self._take(count)
                case batching.Wait(until_ms):
                    await self._wait_for_commit(until_ms)
                case batching.WaitForMore():
                    if self._at_end:
                        return None
                    if self.next_index > self.done_index:  # what was there has expired
                        self._progress(self.next_index)
                    await self._broker.wait(self._config.stream, self.shard_id, self.next_index)

    def _decide(self) -> batching.Decision:
        now_ms = self._broker.clock.now_ms()
        sizes = [record.size_bytes for record in list(self._buffer)[: self._config.batch_size + 1]]
        opened_ms = batching.opened_ms(self._previous_end_ms, self._first_buffered_ms)
        return batching.decide(
            sizes, opened_ms, self._config, now_ms, overhead_bytes=self._form.overhead_bytes, last=self._at_end
        )

    async def _fill(self) -> None:
        """Reads until there are more records than a batch takes, or no more to read."""
        config = self._config
        while not self._at_end and len(self._buffer) <= config.batch_size and self._buffered_bytes < _READ_MAX_BYTES:
            wanted = max(config.batch_size, 100)
            result = await self._broker.read(
                config.stream, self.shard_id, self.next_index, max_records=wanted, max_bytes=_READ_MAX_BYTES
            )
            for chunk in result.chunks:
                self._append(self._form.render(chunk))
            if result.next_index is None:
                self._at_end = True
                return
            went_on = result.next_index > self.next_index
            self.next_index = result.next_index
            if not went_on or result.millis_behind == 0:
                return

    def _append(self, records: list[RenderedRecord]) -> None:
        if not self._buffer:
            self._first_buffered_ms = self._broker.clock.now_ms()
        self._buffer.extend(records)
        self._buffered_bytes += sum(record.size_bytes for record in records)

    def _take(self, count: int) -> list[RenderedRecord]:
        batch = [self._buffer.popleft() for _ in range(count)]
        self._buffered_bytes -= sum(record.size_bytes for record in batch)
        if self._buffer:
            self._first_buffered_ms = self._broker.clock.now_ms()
        return batch

    async def _wait_for_commit(self, until_ms: int) -> None:
        """Until a commit brings more, or the window ends."""
        waits = [
            asyncio.ensure_future(self._broker.wait(self._config.stream, self.shard_id, self.next_index)),
            asyncio.ensure_future(sleep_until_ms(self._broker.clock, until_ms)),
        ]
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                await _finish(wait)
        for wait in done:
            wait.result()

    # ------------------------------------------------------------ delivering

    async def _deliver(self, batch: list[RenderedRecord]) -> None:
        """Invokes until every record of the batch is handled or given up."""
        segments = deque([_Segment(0, len(batch), 1)])
        while segments:
            segment = segments.popleft()
            part = batch[segment.start : segment.end]
            decision = await self._attempt(part, segment.attempt)
            await self._apply(decision, batch, segment, segments)

    async def _attempt(self, part: list[RenderedRecord], attempt: int) -> delivery.Decision:
        numbers = delivery.Batch([r.sequence_number for r in part], [r.arrived_ms for r in part])
        clock, retention_ms = self._broker.clock, self._broker.describe_stream(self._config.stream).retention_ms
        refusals = 0
        while True:
            try:
                outcome = await self._call(self._form.event(part))
            except (PoolBusyError, ThrottledError, OSError):  # no invoke took place: not a retry of the function
                refusals += 1
                decision = delivery.postpone(
                    numbers, attempt, refusals, self._config, clock.now_ms(),
                    jitter=random.random(), retention_ms=retention_ms,
                )  # fmt: skip
                if not isinstance(decision, delivery.Retry):
                    return decision
                await sleep_until_ms(clock, decision.at_ms)
                continue
            except EventTooLargeError:
                log.error("%s: record %s is too large for an event", self.shard_id, part[0].sequence_number)
                return delivery.Discard(
                    delivery.DiscardReason.RETRY_ATTEMPTS_EXHAUSTED, 0, len(part), delivery.Checkpoint()
                )
            self._count(part, outcome)
            return delivery.decide(
                numbers, outcome, attempt, self._config, clock.now_ms(),
                jitter=random.random(), retention_ms=retention_ms,
            )  # fmt: skip

    async def _call(self, event: bytes) -> Outcome:
        self._invoking = True
        try:
            return await self._invoke(event)
        finally:
            self._invoking = False

    async def _apply(
        self,
        decision: delivery.Decision,
        batch: list[RenderedRecord],
        segment: _Segment,
        segments: deque[_Segment],
    ) -> None:
        start, end = segment.start, segment.end
        match decision:
            case delivery.Checkpoint():
                self._handled(batch, end)
            case delivery.Retry(at_ms, from_index, attempt):
                self._handled(batch, start + from_index)
                segments.appendleft(_Segment(start + from_index, end, attempt))
                await sleep_until_ms(self._broker.clock, at_ms)
            case delivery.Bisect(at_ms, from_index, middle_index, attempt):
                self._handled(batch, start + from_index)
                segments.appendleft(_Segment(start + middle_index, end, attempt))
                segments.appendleft(_Segment(start + from_index, start + middle_index, attempt))
                await sleep_until_ms(self._broker.clock, at_ms)
            case delivery.Discard(reason, from_index, to_index, then):
                self._give_up(batch, start + from_index, start + to_index, reason)
                await self._apply(then, batch, segment, segments)

    def _give_up(self, batch: list[RenderedRecord], start: int, end: int, reason: delivery.DiscardReason) -> None:
        first, last = batch[start].sequence_number, batch[end - 1].sequence_number
        log.warning("%s: gave up %d records, %s to %s: %s", self.shard_id, end - start, first, last, reason.value)
        self.stats.discarded += end - start
        self._handled(batch, end)

    def _count(self, part: list[RenderedRecord], outcome: Outcome) -> None:
        self.stats.batches += 1
        self.stats.records += len(part)
        self.stats.errors += not outcome.ok
        self.stats.iterator_age_ms = max(0, self._broker.clock.now_ms() - part[-1].arrived_ms)
        self.last_result = "OK" if outcome.ok else "PROBLEM: Function call failed"
        if self._on_outcome is not None:
            self._on_outcome(self.shard_id, len(part), outcome)
        if not outcome.ok:
            log.warning("%s: %s", self.shard_id, outcome.payload[:500].decode(errors="replace"))

    def _handled(self, batch: list[RenderedRecord], end: int) -> None:
        """Everything in the batch before `end` is done."""
        if end > 0 and batch[end - 1].position >= self.done_index:
            self._progress(batch[end - 1].position + 1)

    def _progress(self, index: int) -> None:
        self.done_index = index
        self._on_progress(self.shard_id, index)


async def _finish(task: asyncio.Future[None]) -> None:
    """Cancels what is still under way and swallows only that."""
    if not task.done():
        task.cancel()
    await asyncio.wait([task])
