"""Deliveries that are under way to targets: durable, tried again, given up into a dead letter queue.

What is put here is on disk before anybody hears that it was accepted; it leaves the disk when its target has it, or
when its retries or its time are used up. One timer stands for the earliest retry; nothing polls.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import random
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from runtime.errors import DestinationError
from streamcore.broker import Broker
from streamcore.clock import Timer

log = logging.getLogger(__name__)

_KIND: Final = "delivery"
_ENCODER: Final = msgspec.msgpack.Encoder()
FIRST_WAIT_MS, LAST_WAIT_MS = 1000, 300_000
#: Deliveries that are under way at a time.
CONCURRENCY: Final = 64
STOP_S: Final = 5.0

Send = Callable[[str, bytes, dict[str, str]], Awaitable[None]]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A body on its way to a target. Times are epoch milliseconds; the waits between tries double from the first to the
    last."""

    id: str
    target: str
    body: bytes
    attributes: dict[str, str] = {}
    made_ms: int
    due_ms: int
    tried: int = 0
    retries: int
    age_s: int
    dead_letter: str = ""
    first_wait_ms: int = FIRST_WAIT_MS
    last_wait_ms: int = LAST_WAIT_MS


_DECODER: Final = msgspec.msgpack.Decoder(Delivery)


class Outbox:
    """`send(target ARN, body, attributes)` raises DestinationError. `kind` is that of its documents: each outbox of a
    broker has one of its own."""

    def __init__(
        self, broker: Broker, send: Send, *, jitter: Callable[[], float] = random.random, kind: str = _KIND
    ) -> None:
        self._broker = broker
        self._kind = kind
        self._clock = broker.clock
        self._send = send
        self._jitter = jitter
        self._later: list[tuple[int, int, Delivery]] = []
        self._order = itertools.count()
        self._ready: list[Delivery] = []
        self._timer: Timer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = False
        self.delivered = self.dropped = self.failures = 0

    def __repr__(self) -> str:
        return f"<Outbox {len(self._tasks)} under way, {len(self._ready) + len(self._later)} wait>"

    @property
    def waiting(self) -> int:
        """Deliveries that are kept, those under way among them."""
        return len(self._tasks) + len(self._ready) + len(self._later)

    async def start(self) -> None:
        """Goes on with what was under way when the broker ended."""
        self._open = True
        for text in (await self._broker.documents(self._kind)).values():
            self._schedule(_DECODER.decode(text))

    async def close(self) -> None:
        """Begins no more, lets what is under way end; what is left is there at the next start."""
        self._open = False
        if self._timer is not None:
            self._timer.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=STOP_S)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def put(self, deliveries: Sequence[Delivery], *documents: tuple[str, str, bytes | None]) -> None:
        """Returns when they are durable, together with further documents in the same commit. Raises as the broker."""
        rows = [(self._kind, each.id, _ENCODER.encode(each)) for each in deliveries]
        await self._broker.save_documents([*rows, *documents])
        for each in deliveries:
            self._schedule(each)

    # ------------------------------------------------------------

    def _schedule(self, delivery: Delivery) -> None:
        if delivery.due_ms <= self._clock.now_ms():
            self._ready.append(delivery)
            self._fill()
        else:
            heapq.heappush(self._later, (delivery.due_ms, next(self._order), delivery))
            self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._later and self._open:
            wait_ms = max(0, self._later[0][0] - self._clock.now_ms())
            self._timer = self._clock.call_later(wait_ms / 1000, self._wake)

    def _wake(self) -> None:
        self._timer = None
        now_ms = self._clock.now_ms()
        while self._later and self._later[0][0] <= now_ms:
            self._ready.append(heapq.heappop(self._later)[2])
        self._fill()
        self._arm()

    def _fill(self) -> None:
        while self._open and self._ready and len(self._tasks) < CONCURRENCY:
            task = asyncio.get_running_loop().create_task(self._deliver(self._ready.pop(0)))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a delivery stays until the next start", exc_info=task.exception())
        self._fill()

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await self._send(delivery.target, delivery.body, delivery.attributes)
        except DestinationError as error:
            self.failures += 1
            later = self._again(delivery, error)
            if later is None:
                await self._give_up(delivery, error)
            else:
                await self._broker.save_document(self._kind, later.id, _ENCODER.encode(later))
                self._schedule(later)
            return
        self.delivered += 1
        await self._broker.save_document(self._kind, delivery.id, None)

    def _again(self, delivery: Delivery, error: DestinationError) -> Delivery | None:
        """When it is tried next; None when it is not."""
        now_ms = self._clock.now_ms()
        whole_ms = min(delivery.last_wait_ms, delivery.first_wait_ms << min(delivery.tried, 20))
        due_ms = now_ms + whole_ms - int(whole_ms * 0.5 * self._jitter())
        too_old = due_ms > delivery.made_ms + delivery.age_s * 1000
        if not error.is_passing or delivery.tried >= delivery.retries or too_old:
            return None
        return msgspec.structs.replace(delivery, tried=delivery.tried + 1, due_ms=due_ms)

    async def _give_up(self, delivery: Delivery, error: DestinationError) -> None:
        self.dropped += 1
        log.warning("given up: %s", error)
        if not delivery.dead_letter:
            await self._broker.save_document(self._kind, delivery.id, None)
            return
        now_ms = self._clock.now_ms()
        letter = Delivery(
            id=str(uuid.uuid4()), target=delivery.dead_letter, body=delivery.body, made_ms=now_ms, due_ms=now_ms,
            retries=delivery.retries, age_s=delivery.age_s,
            attributes={
                **delivery.attributes, "ERROR_CODE": error.code, "ERROR_MESSAGE": str(error)[:1024],
                "TARGET_ARN": delivery.target, "RETRY_ATTEMPTS": str(delivery.tried),
            },
        )  # fmt: skip
        await self.put([letter], (self._kind, delivery.id, None))
