"""A mapping from a queue at work: receives messages, hands batches to the function, deletes what is handled.

One task waits for messages and gathers a batch; each batch is handed over by a task of its own, several at once. Which
messages may be had at once is the queue's rule (of a FIFO group nobody gets more while some are in flight), so order
within a group holds here by itself. What fails is left alone and becomes visible again by the queue's timeout, until
its redrive policy makes it a dead letter. Nothing polls.

Source: Lambda developer guide, "Using Lambda with Amazon SQS".
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, NamedTuple, Protocol

from runtime.errors import FunctionsError, PoolClosedError, QueueError
from runtime.mappings.poller import Invoke, OnOutcome, ShardStats
from runtime.mappings.rights import Right
from runtime.model import batching, delivery, queue_delivery
from runtime.model.event_source_mapping import ACCESS_DENIED, CALL_FAILED, NO_RECORDS, OK
from runtime.model.invocation import MAX_PAYLOAD_BYTES, Outcome
from runtime.model.mapping import MappingConfig, State, advance
from runtime.model.queue import Message
from runtime.model.queue_message import Content
from runtime.model.queue_settings import QueueRecord
from streamcore.clock import Clock, sleep_until_ms
from streamcore.errors import BrokerClosed, StreamcoreError

log = logging.getLogger(__name__)

#: Messages of one receive, as AWS's pollers have them: bounds what is in memory and in flight beyond a batch.
RECEIVE_MAX: Final = 10
#: Time for batches that are being handled when a mapping stops, in seconds.
STOP_S: Final = 5.0
#: After a fault it goes on that much later.
RESTART_S: Final = 5.0

Received = tuple[Message, Content]


class MessageSource(Protocol):
    """A queue, as `runtime.queues.source` offers it."""

    @property
    def record(self) -> QueueRecord: ...

    @property
    def is_open(self) -> bool:
        """False when it is deleted, or no queue gives messages any more."""

    def counts(self) -> tuple[int, int, int]:
        """Messages that are visible, in flight, delayed."""

    async def receive(self, count: int, wait_ms: int | None) -> list[Received]:
        """Nothing when the time is over or the source is not open any more. Raises QueueError."""

    async def delete(self, messages: Sequence[Message]) -> None:
        """Durable on return."""

    def put_back(self, messages: Sequence[Message]) -> None:
        """That they were received does not count."""


#: The source of an ARN. Raises QueueError.
SourceOf = Callable[[str], MessageSource]


class QueueForm(NamedTuple):
    """How a source's records and events look: a message that is not to be delivered renders to None."""

    render: Callable[[Message, Content], bytes | None]
    event: Callable[[Sequence[bytes]], bytes]
    overhead_bytes: int


QueueFormOf = Callable[[MappingConfig, QueueRecord], QueueForm]


class _Rendered(NamedTuple):
    message: Message
    json: bytes

    @property
    def size_bytes(self) -> int:
        """In the event, its comma included."""
        return len(self.json) + 1


class QueueMapping:
    """Delivers the messages of one queue to one function until it is stopped. `workers` bounds how many batches are
    with the function at a time, besides the mapping's own bound: more would only be in flight for nothing."""

    def __init__(
        self,
        clock: Clock,
        config: MappingConfig,
        source_of: SourceOf,
        form_of: QueueFormOf,
        invoke: Invoke,
        workers: int,
        on_outcome: OnOutcome | None = None,
        right: Right | None = None,
    ) -> None:
        """`right` is there where the function's role decides whether it may go on reading."""
        self.config = config
        self._right = right
        self.state = State.CREATING
        #: By shard, as of a mapping from a stream; a queue has none.
        self.stats = {"": ShardStats()}
        self.last_processing_result = NO_RECORDS
        self._clock = clock
        self._source_of = source_of
        self._form_of = form_of
        self._invoke = invoke
        self._on_outcome = on_outcome
        self._most = min(config.maximum_concurrency or workers, workers)
        #: Batches at a time just now: fewer while the function is throttled.
        self._allowed = self._most
        self._throttled = 0
        self._source: MessageSource
        self._form: QueueForm
        self._gatherer: asyncio.Task[None] | None = None
        self._batches: set[asyncio.Task[None]] = set()
        self._left: list[_Rendered] = []
        #: A batch is over; that, or one is not throttled any more.
        self._over, self._changed = asyncio.Event(), asyncio.Event()
        self._stopping = False

    def __repr__(self) -> str:
        of = f"{self.config.uuid} {self.config.function_name} {self.state.value}"
        return f"<QueueMapping {of}, {len(self._batches)} of {self._allowed} batches>"

    @property
    def is_current(self) -> bool:
        """Whether its queue is still the one of that name."""
        return self._source.is_open

    async def prepare(self) -> None:
        """Finds the queue. Raises QueueError."""
        self._source = self._source_of(self.config.stream)
        self._form = self._form_of(self.config, self._source.record)

    async def start(self) -> None:
        """Finds the queue and begins. Raises QueueError."""
        await self.prepare()
        self.state = advance(self.state, State.ENABLED if self.config.enabled else State.DISABLED)
        if self.config.enabled:
            self._gatherer = asyncio.get_running_loop().create_task(
                self._run(), name=f"queue-{self._source.record.name}"
            )

    async def stop(self) -> None:
        """Lets batches in the function's hands end, for up to five seconds; what nobody has seen is put back."""
        self._stopping = True
        self._over.set()
        if self._gatherer is not None:
            self._gatherer.cancel()
            await asyncio.wait([self._gatherer])
        if self._batches:
            await asyncio.wait(list(self._batches), timeout=STOP_S)
        for task in list(self._batches):
            task.cancel()
        await asyncio.gather(*self._batches, return_exceptions=True)
        if self._left:
            self._put_back(self._left)
            self._left = []

    async def forget(self) -> None:
        """Nothing is kept of it: where it is, is the queue's matter."""

    # ------------------------------------------------------------ gathering

    async def _run(self) -> None:
        """Until it is stopped, or the queue is gone."""
        while not self._stopping and self._source.is_open:
            try:
                await self._room()
                batch = await self._gather()
            except BrokerClosed:
                return
            except Exception as error:  # noqa: BLE001  nobody else looks after this task: it is logged, and goes on
                await self._recover(error)
                continue
            if batch:
                self._begin(self._handle(batch))

    async def _recover(self, error: Exception) -> None:
        """Returns when it is to be tried again; at once when the queue is gone, which ends it."""
        if self._source.is_open:
            expected = isinstance(error, (QueueError, StreamcoreError))
            log.warning("%r begins again: %s", self, error, exc_info=None if expected else error)
            await sleep_until_ms(self._clock, self._clock.now_ms() + round(RESTART_S * 1000))

    async def _room(self) -> None:
        """Returns when another batch may go to the function."""
        while self._throttled or len(self._batches) >= self._allowed:
            self._changed.clear()
            await self._changed.wait()

    async def _gather(self) -> list[_Rendered]:
        """The next batch; empty when the filter has left none. Waits for the first message without end, and for more
        as long as the window is open, which begins with the first one."""
        batch, self._left = self._left, []
        most, window_ms = self.config.batch_size, self.config.maximum_batching_window_ms
        limit_bytes = MAX_PAYLOAD_BYTES - self._form.overhead_bytes
        try:
            if not batch:
                batch = await self._receive(most, None)
            size, until_ms = _size_bytes(batch), self._clock.now_ms() + window_ms
            while batch and len(batch) < most and size < limit_bytes and self._source.is_open:
                wait_ms = until_ms - self._clock.now_ms()
                if wait_ms <= 0:
                    break
                more = await self._receive(most - len(batch), wait_ms)
                batch += more
                size += _size_bytes(more)
            count = batching.fitting([each.size_bytes for each in batch], most, limit_bytes)
        except BaseException:
            self._put_back(batch)
            raise
        self._left = batch[count:]
        return batch[:count]

    async def _receive(self, count: int, wait_ms: int | None) -> list[_Rendered]:
        """One receive. What the filter does not take is deleted, as AWS does. Raises QueueError."""
        if self._right is not None and not self._right.holds():
            self.last_processing_result = ACCESS_DENIED
            await self._right.granted()
        received = await self._source.receive(min(count, RECEIVE_MAX), wait_ms)
        taken, passed_over = list[_Rendered](), list[Message]()
        for message, content in received:
            json = self._form.render(message, content)
            if json is None:
                passed_over.append(message)
            else:
                taken.append(_Rendered(message, json))
        try:
            await self._delete(passed_over)
        except BaseException:
            self._put_back(taken)
            raise
        return taken

    # ------------------------------------------------------------ delivering

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._batches.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._batches.discard(task)
        self._over.set()
        self._changed.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("a batch of %r failed; its messages come again", self, exc_info=task.exception())

    async def _handle(self, batch: list[_Rendered]) -> None:
        outcome = await self._deliver(batch)
        if outcome is None:
            return
        self._allowed = min(self._most, self._allowed + 1)
        self._count(batch, outcome)
        ids = [each.message.id for each in batch]
        again = queue_delivery.failed(outcome, ids, reports=self.config.report_batch_item_failures)
        await self._delete([each.message for each in batch if each.message.id not in again])

    async def _deliver(self, batch: list[_Rendered]) -> Outcome | None:
        """Invokes once. While that is refused (throttled, Pending, …) it is tried again until the messages are visible
        to others anyway; None when nothing came of it."""
        event, refusals = self._form.event([each.json for each in batch]), 0
        until_ms = min(each.message.visible_ms for each in batch)
        while not self._stopping:
            try:
                return (await self._invoke(event)).outcome
            except PoolClosedError:
                self._stopping = True  # nothing will run any more
                break
            except (FunctionsError, OSError) as error:
                log.debug("%r: %s", self, error)
            if self._clock.now_ms() >= until_ms:
                return None
            refusals += 1
            pause_ms = delivery.backoff_ms(refusals, random.random())
            await self._pause(min(until_ms, self._clock.now_ms() + pause_ms))
        self._put_back(batch)
        return None

    async def _pause(self, until_ms: int) -> None:
        """Until then, or until another batch is over: its place may be free. Not at all when it is stopping."""
        if self._stopping:
            return
        self._throttled += 1
        self._allowed = max(1, len(self._batches) - self._throttled)
        self._over.clear()
        waits = [asyncio.ensure_future(self._over.wait()), asyncio.ensure_future(sleep_until_ms(self._clock, until_ms))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
            self._throttled -= 1
            self._changed.set()

    async def _delete(self, messages: Sequence[Message]) -> None:
        """What cannot be deleted comes again: at least once holds."""
        if not messages:
            return
        try:
            await self._source.delete(messages)
        except StreamcoreError as error:
            log.warning("%d messages of %r were not deleted: %s", len(messages), self, error)

    def _put_back(self, batch: list[_Rendered]) -> None:
        self._source.put_back([each.message for each in batch])

    def _count(self, batch: list[_Rendered], outcome: Outcome) -> None:
        stats = self.stats[""]
        stats.batches += 1
        stats.records += len(batch)
        stats.errors += not outcome.ok
        self.last_processing_result = OK if outcome.ok else CALL_FAILED
        if self._on_outcome is not None:
            self._on_outcome("", len(batch), outcome)
        if not outcome.ok:
            log.warning("%r: %s", self, outcome.payload[:500].decode(errors="replace"))


def _size_bytes(batch: list[_Rendered]) -> int:
    return sum(each.size_bytes for each in batch)
