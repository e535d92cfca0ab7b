"""The queue of asynchronous invocations, durable in the broker's own storage.

An event is on disk before it is accepted, and leaves the disk when its function has answered, its retries are used up
or it is too old, and its destinations have been told. After kill -9 everything that had not left is there again, in the
middle of its retries too: a function gets an event at least once. Two documents make an event: its state, rewritten at
each retry, and its payload, written once; only the first stays in memory.

Nothing polls: an event that comes is run at once, and one timer stands for the earliest retry.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import msgspec

from runtime.destinations.router import FUNCTION
from runtime.errors import (
    DestinationError,
    EventTooLargeError,
    FunctionGoneError,
    FunctionsError,
    QueueFullError,
    ZeroConcurrencyError,
)
from runtime.model.asynchronous import (
    MAX_EVENT_BYTES,
    Condition,
    Leave,
    Policy,
    QueuedEvent,
    Result,
    Retry,
    answered,
    dead_letter_attributes,
    destination_record,
    expires_ms,
    refused,
)
from streamcore.broker import Broker
from streamcore.clock import Timer
from streamcore.errors import BrokerClosed, StreamcoreError

log = logging.getLogger(__name__)

_STATE: Final = "async"
_PAYLOAD: Final = "async-payload"
#: Times that a destination is tried before its record is given up.
DELIVERIES_MAX: Final = 5
DELIVERY_WAIT_MS: Final = 1000
STOP_S: Final = 5.0
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(QueuedEvent)

Invoke = Callable[[QueuedEvent, bytes], Awaitable[Result]]
PolicyOf = Callable[[QueuedEvent], Policy]
Send = Callable[[str, bytes, dict[str, str]], Awaitable[None]]


class QueueObserver(Protocol):
    """Hears what becomes of events, for metrics."""

    def received(self, event: QueuedEvent) -> None: ...

    def attempted(self, event: QueuedEvent, age_ms: int) -> None: ...

    def dropped(self, event: QueuedEvent) -> None:
        """Without its function having handled it."""

    def destination_failed(self, event: QueuedEvent) -> None: ...

    def dead_letter_failed(self, event: QueuedEvent) -> None: ...


class AsyncStats(msgspec.Struct):
    """Counters of one function's asynchronous events, and how many are in the queue."""

    received: int = 0
    dropped: int = 0
    retried: int = 0
    destination_failures: int = 0
    dead_letter_errors: int = 0
    waiting: int = 0
    age_ms_max: int = 0


class _Lane:
    """One function's events: those that may run now, in order, and how many run."""

    def __init__(self) -> None:
        self.ready: deque[QueuedEvent] = deque()
        self.running = 0
        self.stats = AsyncStats()


class AsyncQueue:
    """Events on their way to functions.

    `invoke` runs one and returns what came of it; it raises ZeroConcurrencyError (the event is given up),
    FunctionGoneError (it is dropped) or any other FunctionsError (no invoke took place: the event waits).
    `policy_of` tells a function's settings, and raises FunctionGoneError. `send(target ARN, body, attributes)` tells a
    destination, and raises DestinationError. `concurrency` events of one function run at a time.
    """

    def __init__(
        self,
        broker: Broker,
        invoke: Invoke,
        policy_of: PolicyOf,
        send: Send,
        *,
        concurrency: int = 16,
        max_events: int = 100_000,
        max_bytes: int = 1024 * 1024 * 1024,
        jitter: Callable[[], float] = random.random,
        observer: QueueObserver | None = None,
    ) -> None:
        self._broker = broker
        self._clock = broker.clock
        self._invoke = invoke
        self._policy_of = policy_of
        self._send = send
        self._concurrency = concurrency
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._jitter = jitter
        self._observer = observer
        self._lanes: dict[str, _Lane] = {}
        self._later: list[tuple[int, int, QueuedEvent]] = []
        self._order = itertools.count()
        self._timer: Timer | None = None
        self._timer_ms = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._open = False
        self.count = 0
        self.bytes = 0

    def __repr__(self) -> str:
        return f"<AsyncQueue {self.count} events, {len(self._tasks)} run>"

    async def start(self) -> None:
        """Finds what was in the queue when the broker ended, and goes on with it."""
        self._open = True
        for text in (await self._broker.documents(_STATE)).values():
            event = _DECODER.decode(text)
            self._count(event, 1)
            self._schedule(event)
        self._arm()

    async def enqueue(
        self,
        function_arn: str,
        qualifier: str,
        payload: bytes,
        request_id: str,
        *,
        client_context: str | None = None,
        trace_id: str | None = None,
    ) -> None:
        """Returns when the event is on disk. Raises EventTooLargeError, QueueFullError, and StorageFull as the broker
        does."""
        self._check_room(payload)
        now_ms = self._clock.now_ms()
        event = QueuedEvent(
            request_id=request_id,
            function_arn=function_arn,
            qualifier=qualifier,
            accepted_ms=now_ms,
            due_ms=now_ms,
            size_bytes=len(payload),
            client_context=client_context,
            trace_id=trace_id,
        )
        self._count(event, 1)
        try:
            await asyncio.shield(
                self._broker.save_documents(
                    [(_STATE, request_id, _ENCODER.encode(event)), (_PAYLOAD, request_id, payload)]
                )
            )
        except (StreamcoreError, OSError):
            self._count(event, -1)
            raise
        lane = self._lane(event)
        lane.stats.received += 1
        if self._observer is not None:
            self._observer.received(event)
        self._ready(event)

    async def drained(self) -> None:
        """Returns when nothing is in the queue, retries included."""
        await self._idle.wait()

    async def close(self) -> None:
        """Begins no more; lets what runs end for up to five seconds. What is left is there at the next start."""
        self._open = False
        if self._timer is not None:
            self._timer.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=STOP_S)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def stats(self) -> dict[str, AsyncStats]:
        """By function ARN."""
        return {arn: lane.stats for arn, lane in self._lanes.items()}

    # ------------------------------------------------------------ who runs when

    def _check_room(self, payload: bytes) -> None:
        if len(payload) > MAX_EVENT_BYTES:
            raise EventTooLargeError(len(payload), MAX_EVENT_BYTES)
        if not self._open or self.count >= self._max_events or self.bytes + len(payload) > self._max_bytes:
            raise QueueFullError(self.count)

    def _lane(self, event: QueuedEvent) -> _Lane:
        return self._lanes.setdefault(event.function_arn, _Lane())

    def _count(self, event: QueuedEvent, change: int) -> None:
        self.count += change
        self.bytes += change * event.size_bytes
        self._lane(event).stats.waiting += change
        if self.count:
            self._idle.clear()
        else:
            self._idle.set()

    def _schedule(self, event: QueuedEvent) -> None:
        if event.due_ms <= self._clock.now_ms():
            self._ready(event)
        else:
            heapq.heappush(self._later, (event.due_ms, next(self._order), event))
            self._arm()

    def _arm(self) -> None:
        """Sets the timer to the earliest retry."""
        if not self._later or not self._open:
            return
        due_ms = self._later[0][0]
        if self._timer is not None:
            if self._timer_ms <= due_ms:
                return
            self._timer.cancel()
        self._timer_ms = due_ms
        self._timer = self._clock.call_later(max(0, due_ms - self._clock.now_ms()) / 1000, self._wake)

    def _wake(self) -> None:
        self._timer = None
        now_ms = self._clock.now_ms()
        while self._later and self._later[0][0] <= now_ms:
            self._ready(heapq.heappop(self._later)[2])
        self._arm()

    def _ready(self, event: QueuedEvent) -> None:
        lane = self._lane(event)
        lane.ready.append(event)
        self._fill(lane)

    def _fill(self, lane: _Lane) -> None:
        while self._open and lane.ready and lane.running < self._concurrency:
            lane.running += 1
            task = asyncio.get_running_loop().create_task(self._run(lane, lane.ready.popleft()))
            self._tasks.add(task)
            task.add_done_callback(lambda task: self._ended(lane, task))

    def _ended(self, lane: _Lane, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        lane.running -= 1
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, BrokerClosed):
            log.error("an asynchronous event stays in the queue until the next start", exc_info=error)
        self._fill(lane)

    # ------------------------------------------------------------ one event

    async def _run(self, lane: _Lane, event: QueuedEvent) -> None:
        payload = await self._broker.document(_PAYLOAD, event.request_id)
        if payload is None:
            log.error("the payload of %s is gone", event.request_id)
            await self._remove(event)
            return
        try:
            policy = self._policy_of(event)
            if event.condition is None:
                event = await self._attempt(lane, event, payload, policy)
        except FunctionGoneError:
            self._drop(lane, event)
            await self._remove(event)
            return
        if event.condition is None:
            await self._keep(event)
            self._schedule(event)
        else:
            await self._leave(lane, event, payload, policy)

    async def _attempt(self, lane: _Lane, event: QueuedEvent, payload: bytes, policy: Policy) -> QueuedEvent:
        """The event as it is afterwards: due later, or with the condition of its leaving."""
        now_ms = self._clock.now_ms()
        age_ms = now_ms - event.accepted_ms
        lane.stats.age_ms_max = max(lane.stats.age_ms_max, age_ms)
        if self._observer is not None:
            self._observer.attempted(event, age_ms)
        if now_ms >= expires_ms(event, policy):
            return _leaving(event, Condition.EVENT_AGE_EXCEEDED)
        try:
            result = await self._invoke(event, payload)
        except ZeroConcurrencyError:
            return _leaving(event, Condition.ZERO_RESERVED_CONCURRENCY)
        except FunctionGoneError:
            raise
        except (FunctionsError, OSError):
            decision = refused(event, policy, self._clock.now_ms(), jitter=self._jitter())
        else:
            decision = answered(event, result, policy, self._clock.now_ms())
            if isinstance(decision, Leave):
                done = msgspec.structs.replace(event, attempts=event.attempts + 1, result=result)
                return _leaving(done, decision.condition)
            lane.stats.retried += 1
        assert isinstance(decision, Retry)
        return decision.event

    async def _leave(self, lane: _Lane, event: QueuedEvent, payload: bytes, policy: Policy) -> None:
        assert event.condition is not None
        succeeded = event.condition is Condition.SUCCESS
        if not succeeded and not event.deliveries:
            self._drop(lane, event)
        destination = policy.on_success if succeeded else policy.on_failure
        dead_letter = "" if succeeded else policy.dead_letter
        if not (destination or dead_letter):
            await self._remove(event)
            return
        sender = {FUNCTION: f"{event.function_arn}:{event.qualifier}" if event.qualifier else event.function_arn}
        try:
            if destination:
                body = destination_record(event, payload, event.condition, self._clock.now_ms())
                await self._send(destination, body, sender)
        except DestinationError as error:
            lane.stats.destination_failures += 1
            if self._observer is not None:
                self._observer.destination_failed(event)
            if await self._again(event, error):
                return
        try:
            if dead_letter:
                await self._send(dead_letter, payload, sender | dead_letter_attributes(event))
        except DestinationError as error:
            lane.stats.dead_letter_errors += 1
            if self._observer is not None:
                self._observer.dead_letter_failed(event)
            if await self._again(event, error):
                return
        await self._remove(event)

    def _drop(self, lane: _Lane, event: QueuedEvent) -> None:
        lane.stats.dropped += 1
        if self._observer is not None:
            self._observer.dropped(event)

    async def _again(self, event: QueuedEvent, error: DestinationError) -> bool:
        """Keeps an event whose destination did not take its record; False when that was tried often enough."""
        deliveries = event.deliveries + 1
        if deliveries >= DELIVERIES_MAX or not error.is_passing:
            log.warning("the outcome of %s was not delivered: %s", event.request_id, error)
            return False
        due_ms = self._clock.now_ms() + (DELIVERY_WAIT_MS << deliveries)
        later = msgspec.structs.replace(event, deliveries=deliveries, due_ms=due_ms)
        await self._keep(later)
        self._schedule(later)
        return True

    async def _keep(self, event: QueuedEvent) -> None:
        await self._broker.save_document(_STATE, event.request_id, _ENCODER.encode(event))

    async def _remove(self, event: QueuedEvent) -> None:
        await self._broker.save_documents([(_STATE, event.request_id, None), (_PAYLOAD, event.request_id, None)])
        self._count(event, -1)


def _leaving(event: QueuedEvent, condition: Condition) -> QueuedEvent:
    return msgspec.structs.replace(event, condition=condition)
