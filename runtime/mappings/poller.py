"""One task per mapping, shard and lane: gathers records, invokes, and does what `model.delivery` decides.

It is woken by the shard's commits; nothing polls. While a batch is being handled the next one is read. A batch that
fails blocks its own lane and no other: lanes read the shard each for itself, and take the partition keys that are
theirs.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import Final, NamedTuple

import msgspec

from runtime.errors import EventTooLargeError, FunctionsError, PoolClosedError
from runtime.mappings.checkpoints import SHARD_END
from runtime.mappings.progress import Pending, Progress
from runtime.mappings.rights import Right
from runtime.model import batching, delivery
from runtime.model import window as windows
from runtime.model.event_source_mapping import ACCESS_DENIED, CALL_FAILED, NO_RECORDS, OK
from runtime.model.function import FunctionSpec
from runtime.model.invocation import MAX_PAYLOAD_BYTES, Invoked, Outcome, Status
from runtime.model.mapping import INFINITE, MappingConfig
from runtime.model.names import LATEST
from runtime.model.rendered import RenderedRecord, size_bytes
from runtime.model.window import Window
from streamcore.broker import Broker
from streamcore.clock import sleep_until_ms
from streamcore.model.record import Chunk

log = logging.getLogger(__name__)

_READ_MAX_BYTES: Final = 4 * 1024 * 1024

Invoke = Callable[[bytes], Awaitable[Invoked]]
#: Told the shard, the number of records and the outcome of each invocation.
OnOutcome = Callable[[str, int, Outcome], None]
#: Told what ran, and how many milliseconds old the last record of its batch was when it was handed over.
OnAge = Callable[[FunctionSpec, float], None]


class Discarded(NamedTuple):
    """Records that are given up, for the on-failure destination. `outcome` is the last one, None without an invoke, and
    `version` what ran then."""

    shard_id: str
    records: list[RenderedRecord]
    reason: delivery.DiscardReason
    invokes: int
    outcome: Outcome | None
    event: bytes
    version: str = LATEST


class Form(NamedTuple):
    """How a source's records and events look; `overhead_bytes` is the event around the records."""

    render: Callable[[Chunk], list[RenderedRecord]]
    event: Callable[[Sequence[RenderedRecord], bytes], bytes]
    overhead_bytes: int


class Surroundings(NamedTuple):
    """What the tasks of a mapping share.

    `progressed(shard, lane, index)` hears up to where everything is handled, SHARD_END once a closed shard is used up;
    `keep` makes a Progress durable; `given_up` tells the on-failure destination; `right` is there where the function's
    role has to be allowed to read.
    """

    broker: Broker
    config: MappingConfig
    invoke: Invoke
    progressed: Callable[[str, int, int], None]
    keep: Callable[[str, int, Progress], Awaitable[None]]
    given_up: Callable[[Discarded], Awaitable[None]]
    on_outcome: OnOutcome | None = None
    on_age: OnAge | None = None
    right: Right | None = None


class ShardStats:
    """Totals of one mapping and shard since start."""

    __slots__ = ("batches", "discarded", "errors", "iterator_age_ms", "records")

    def __init__(self) -> None:
        self.batches = self.records = self.errors = self.discarded = 0
        self.iterator_age_ms = 0


class _Segment(NamedTuple):
    """Part of a batch that is still to be handled, and how often it was tried (as in `Pending`)."""

    start: int
    end: int
    attempt: int
    invokes: int


class _CloseWindow(NamedTuple):
    """The open window is over: its last invoke is due."""


class ShardPoller:
    """Feeds the function with the records of one lane of a shard, in order.

    `next_index` is where reading goes on, `done_index` up to where everything was handled or given up.
    """

    def __init__(
        self,
        around: Surroundings,
        shard_id: str,
        lane: int,
        start_index: int,
        form: Form,
        stats: ShardStats,
        progress: Progress | None = None,
    ) -> None:
        self._around = around
        self._broker = around.broker
        self._config = around.config
        self._form = form
        self.shard_id = shard_id
        self.lane = lane
        self.next_index = self.done_index = start_index
        self.stats = stats
        self.last_result = NO_RECORDS
        self.progress = progress or Progress()
        self._buffer: deque[RenderedRecord] = deque()
        self._buffered_bytes = 0
        self._at_end = False
        self._stopping = False
        self._invoking = False
        self._delivering = False
        self._previous_end_ms = 0
        self._first_buffered_ms = 0

    def __repr__(self) -> str:
        state = "ended" if self.done_index == SHARD_END else "invoking" if self._invoking else "waiting"
        lane = f" lane {self.lane}" if self._config.parallelization_factor > 1 else ""
        return f"<ShardPoller {self.shard_id}{lane} {state}, done {self.done_index}, {len(self._buffer)} buffered>"

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
        await self._resume()
        while not self._stopping:
            match await self._gather():
                case None:
                    self._done(SHARD_END)
                    return
                case _CloseWindow():
                    await self._close_window()
                case batch:
                    await self._handle(batch)

    async def _resume(self) -> None:
        """Goes on in the middle of the retries that a restart interrupted."""
        pending = self.progress.pending
        if not pending:
            return
        self.next_index = self.done_index = max(self.done_index, pending[0].first)
        batch = await self._read_up_to(pending[-1].end)
        positions = [record.position for record in batch]
        segments: deque[_Segment] = deque()
        for each in pending:
            inside = [i for i, position in enumerate(positions) if each.first <= position < each.end]
            if inside:  # else its records have expired
                segments.append(_Segment(inside[0], inside[-1] + 1, each.attempt, each.invokes))
        await sleep_until_ms(self._broker.clock, self.progress.due_ms)
        if segments and not await self._deliver(batch, segments):
            return
        await self._settle()
        self._done(max(self.done_index, pending[-1].end))

    async def _handle(self, batch: list[RenderedRecord]) -> None:
        self._delivering = True
        ahead = asyncio.ensure_future(self._fill())
        try:
            if await self._deliver(batch, deque([_Segment(0, len(batch), 1, 0)])):
                await self._settle()
        finally:
            self._delivering = False
            self._previous_end_ms = self._broker.clock.now_ms()
            await _finish(ahead)

    # ------------------------------------------------------------ gathering

    async def _gather(self) -> list[RenderedRecord] | _CloseWindow | None:
        """The next batch, or the end of a window; None at the end of the shard."""
        while True:
            await self._fill()
            if self._window_is_over():
                return _CloseWindow()
            match self._decide():
                case batching.Ready(count):
                    return self._take(count)
                case batching.Wait(until_ms):
                    await self._wait_for_commit(until_ms)
                case batching.WaitForMore():
                    if self._at_end:
                        return None
                    window = self.progress.window
                    if window is not None:
                        await self._wait_for_commit(windows.closes_at_ms(window))
                    else:
                        await self._broker.wait(self._config.stream, self.shard_id, self.next_index)

    def _window_is_over(self) -> bool:
        window = self.progress.window
        if window is None:
            return False
        if window.is_overfull or (self._at_end and not self._buffer):
            return True
        if self._buffer:
            return not windows.contains(window, self._buffer[0].arrived_ms)
        return self._broker.clock.now_ms() >= windows.closes_at_ms(window)

    def _decide(self) -> batching.Decision:
        now_ms = self._broker.clock.now_ms()
        opened_ms = batching.opened_ms(self._previous_end_ms, self._first_buffered_ms)
        fits = self._buffered_bytes + self._form.overhead_bytes < MAX_PAYLOAD_BYTES
        if fits and not self._config.tumbling_window_s:
            return batching.decide_small(len(self._buffer), opened_ms, self._config, now_ms, last=self._at_end)
        first = list(islice(self._buffer, self._config.batch_size + 1))
        together = self._of_one_window(first)
        last = (self._at_end and len(together) == len(self._buffer)) or len(together) < len(first)
        return batching.decide(
            [record.size_bytes for record in together], opened_ms, self._config, now_ms,
            overhead_bytes=self._form.overhead_bytes, last=last,
        )  # fmt: skip

    def _of_one_window(self, records: list[RenderedRecord]) -> list[RenderedRecord]:
        """The leading ones: a batch does not reach into the next window."""
        length_s = self._config.tumbling_window_s
        if not length_s or not records:
            return records
        window = windows.window_of(records[0].arrived_ms, length_s)
        count = next((i for i, r in enumerate(records) if not windows.contains(window, r.arrived_ms)), len(records))
        return records[:count]

    async def _fill(self) -> None:
        """Reads until there are more records than a batch takes, or no more to read."""
        batch_size = self._config.batch_size
        while not self._at_end and len(self._buffer) <= batch_size and self._buffered_bytes < _READ_MAX_BYTES:
            if not await self._read():
                return

    async def _read_up_to(self, index: int) -> list[RenderedRecord]:
        """Everything before an index, taken out of the buffer."""
        while not self._at_end and self.next_index < index:
            if not await self._read():
                break
        count = sum(record.position < index for record in self._buffer)
        return self._take(count)

    async def _read(self) -> bool:
        """One read; whether another may bring more."""
        right = self._around.right
        if right is not None and not right.holds():
            self.last_result = ACCESS_DENIED
            await right.granted()
        wanted = max(self._config.batch_size, 100)
        result = await self._broker.read(
            self._config.stream, self.shard_id, self.next_index, max_records=wanted, max_bytes=_READ_MAX_BYTES
        )
        for chunk in result.chunks:
            self._append(self._form.render(chunk))
        if result.next_index is None:
            self._at_end = True
            return False
        went_on = result.next_index > self.next_index
        self.next_index = result.next_index
        if not self._buffer and not self._delivering and self.next_index > self.done_index:
            self._done(self.next_index)  # what was there has expired, or is not for this lane
        return went_on and result.millis_behind > 0

    def _append(self, records: list[RenderedRecord]) -> None:
        if not self._buffer:
            self._first_buffered_ms = self._broker.clock.now_ms()
        self._buffer.extend(records)
        self._buffered_bytes += size_bytes(records)

    def _take(self, count: int) -> list[RenderedRecord]:
        if count == len(self._buffer):
            batch, self._buffered_bytes = list(self._buffer), 0
            self._buffer.clear()
            return batch
        batch = [self._buffer.popleft() for _ in range(count)]
        self._buffered_bytes -= size_bytes(batch)
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

    async def _deliver(self, batch: list[RenderedRecord], segments: deque[_Segment]) -> bool:
        """Invokes until every record of the batch is handled or given up. False when it was told to stop before that:
        what is left is kept as progress."""
        while segments:
            segment = segments.popleft()
            part = batch[segment.start : segment.end]
            decision, last = await self._attempt(part, segment)
            await self._apply(decision, batch, segment, segments, last)
            if self._stopping:
                break
        return not segments

    async def _attempt(self, part: list[RenderedRecord], segment: _Segment) -> tuple[delivery.Decision, Discarded]:
        """What follows from one invoke, and what an on-failure destination would be told of it."""
        numbers = delivery.Batch([r.sequence_number for r in part], [r.arrived_ms for r in part])
        window = self._window_for(part)
        event = self._form.event(part, self._fields(window, is_final=False))
        last = Discarded(
            self.shard_id, part, delivery.DiscardReason.RETRY_ATTEMPTS_EXHAUSTED, segment.invokes, None, event
        )
        clock, retention_ms = self._broker.clock, self._broker.describe_stream(self._config.stream).retention_ms
        refusals = 0
        while True:
            age_ms = max(0, clock.now_ms() - part[-1].arrived_ms)
            try:
                outcome, version = await self._call(event, age_ms)
            except EventTooLargeError:
                log.error("%s: record %s is too large for an event", self.shard_id, part[0].sequence_number)
                return delivery.Discard(last.reason, 0, len(part), delivery.Checkpoint()), last
            except PoolClosedError:
                raise
            except (FunctionsError, OSError):  # no invoke took place: not a retry of the function
                refusals += 1
                decision = delivery.postpone(
                    numbers, segment.attempt, refusals, self._config, clock.now_ms(),
                    jitter=random.random(), retention_ms=retention_ms,
                )  # fmt: skip
                if not isinstance(decision, delivery.Retry) or self._stopping:
                    return decision, last
                await sleep_until_ms(clock, decision.at_ms)
                continue
            self._count(part, outcome)
            judged = await self._judged(window, part, outcome, numbers)
            decision = delivery.decide(
                numbers, judged, segment.attempt, self._config, clock.now_ms(),
                jitter=random.random(), retention_ms=retention_ms,
            )  # fmt: skip
            return decision, last._replace(invokes=segment.invokes + 1, outcome=outcome, version=version)

    async def _call(self, event: bytes, age_ms: int | None = None) -> tuple[Outcome, str]:
        """`age_ms` is that of the last record, when there is one."""
        self._invoking = True
        try:
            invoked = await self._around.invoke(event)
            if age_ms is not None and self._around.on_age is not None:
                self._around.on_age(invoked.spec, age_ms)
            return invoked.outcome, invoked.version
        finally:
            self._invoking = False

    async def _apply(
        self,
        decision: delivery.Decision,
        batch: list[RenderedRecord],
        segment: _Segment,
        segments: deque[_Segment],
        last: Discarded,
    ) -> None:
        start, end = segment.start, segment.end
        match decision:
            case delivery.Checkpoint():
                self._handled(batch, end)
            case delivery.Retry(at_ms, from_index, attempt):
                segments.appendleft(_Segment(start + from_index, end, attempt, last.invokes))
                await self._wait(batch, segments, at_ms)
            case delivery.Bisect(at_ms, from_index, middle_index, attempt):
                segments.appendleft(_Segment(start + middle_index, end, attempt, last.invokes))
                segments.appendleft(_Segment(start + from_index, start + middle_index, attempt, last.invokes))
                await self._wait(batch, segments, at_ms)
            case delivery.Discard(reason, from_index, to_index, then):
                await self._give_up(batch, start + from_index, start + to_index, last._replace(reason=reason))
                await self._apply(then, batch, segment, segments, last)

    async def _wait(self, batch: list[RenderedRecord], segments: deque[_Segment], at_ms: int) -> None:
        """Keeps what is left of the batch, so that a restart goes on here, and waits for the time of the retry."""
        self._handled(batch, segments[0].start)
        pending = tuple(
            Pending(batch[each.start].position, batch[each.end - 1].position + 1, each.attempt, each.invokes)
            for each in segments
        )
        await self._keep(msgspec.structs.replace(self.progress, pending=pending, due_ms=at_ms))
        if not self._stopping:
            await sleep_until_ms(self._broker.clock, at_ms)

    async def _settle(self) -> None:
        """The batch is over: nothing is pending any more."""
        if self.progress.pending:
            await self._keep(msgspec.structs.replace(self.progress, pending=(), due_ms=0))

    async def _keep(self, progress: Progress) -> None:
        self.progress = progress
        await self._around.keep(self.shard_id, self.lane, progress)

    async def _give_up(self, batch: list[RenderedRecord], start: int, end: int, what: Discarded) -> None:
        records = batch[start:end]
        first, last = records[0].sequence_number, records[-1].sequence_number
        log.warning("%s: gave up %d records, %s to %s: %s", self.shard_id, end - start, first, last, what.reason.value)
        self.stats.discarded += end - start
        await self._around.given_up(what._replace(records=records))
        self._handled(batch, end)

    def _count(self, part: list[RenderedRecord], outcome: Outcome) -> None:
        self.stats.batches += 1
        self.stats.records += len(part)
        self.stats.errors += not outcome.ok
        if part:
            self.stats.iterator_age_ms = max(0, self._broker.clock.now_ms() - part[-1].arrived_ms)
        self.last_result = OK if outcome.ok else CALL_FAILED
        if self._around.on_outcome is not None:
            self._around.on_outcome(self.shard_id, len(part), outcome)
        if not outcome.ok:
            log.warning("%s: %s", self.shard_id, outcome.payload[:500].decode(errors="replace"))

    def _handled(self, batch: list[RenderedRecord], end: int) -> None:
        """Everything in the batch before `end` is done."""
        if end > 0 and batch[end - 1].position >= self.done_index:
            self._done(batch[end - 1].position + 1)

    def _done(self, index: int) -> None:
        self.done_index = index
        self._around.progressed(self.shard_id, self.lane, index)

    # ------------------------------------------------------------ tumbling windows

    def _window_for(self, part: list[RenderedRecord]) -> Window | None:
        length_s = self._config.tumbling_window_s
        if not length_s:
            return None
        return self.progress.window or windows.window_of(part[0].arrived_ms, length_s)

    def _fields(self, window: Window | None, *, is_final: bool) -> bytes:
        if window is None:
            return b""
        return windows.fields(window, self.shard_id, self._config.stream, is_final=is_final)

    async def _judged(
        self, window: Window | None, part: list[RenderedRecord], outcome: Outcome, numbers: delivery.Batch
    ) -> Outcome:
        """The outcome as it counts: an answer without a state is a failure in a window. Keeps the new state."""
        if window is None or not outcome.ok:
            return outcome
        state = windows.next_state(outcome.payload)
        if state is None:
            return msgspec.structs.replace(outcome, status=Status.FUNCTION_ERROR)
        handled = delivery.first_failed(numbers, outcome, self._config)
        if handled:
            moved = windows.advanced(window, state, part[handled - 1].position + 1)
            await self._keep(msgspec.structs.replace(self.progress, window=moved))
        return outcome

    async def _close_window(self) -> None:
        """The last invoke of a window, without records; tried as often as a batch would be."""
        window, attempt, clock = self.progress.window, 1, self._broker.clock
        assert window is not None
        event = self._form.event([], self._fields(window, is_final=True))
        while True:
            try:
                outcome, _ = await self._call(event)
            except PoolClosedError:
                raise
            except (FunctionsError, OSError):
                if self._stopping:
                    return
                await sleep_until_ms(clock, clock.now_ms() + delivery.backoff_ms(attempt, random.random()))
                continue
            self._count([], outcome)
            most = self._config.maximum_retry_attempts
            if outcome.ok or (most != INFINITE and attempt > most) or self._is_past(window):
                break
            if self._stopping:
                return
            await sleep_until_ms(clock, clock.now_ms() + delivery.backoff_ms(attempt, random.random()))
            attempt += 1
        if not outcome.ok:
            log.warning("%s: gave up the window that began at %d", self.shard_id, window.start_ms)
        await self._keep(Progress())

    def _is_past(self, window: Window) -> bool:
        """Whether its records have expired: then nobody needs its end any more."""
        retention_ms = self._broker.describe_stream(self._config.stream).retention_ms
        return self._broker.clock.now_ms() - window.end_ms > retention_ms


async def _finish(task: asyncio.Future[None]) -> None:
    """Cancels what is still under way and swallows only that."""
    if not task.done():
        task.cancel()
    await asyncio.wait([task])
