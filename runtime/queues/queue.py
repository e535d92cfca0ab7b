"""A queue that is open: its messages, and who waits for some."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from functools import partial
from typing import Final

from runtime.model.queue import DEDUPLICATION_MS, Deduplication, DeduplicationKey, Original, QueueState
from runtime.model.queue_settings import QueueRecord
from streamcore.clock import Clock

QueueKey = tuple[str, str, str]
#: Receives whose answers may be asked for again.
ATTEMPTS_MAX: Final = 10_000


class Queue:
    """`record` is what is kept of it; `by_attempt` the numbers that a receive of that id got, until when."""

    def __init__(self, record: QueueRecord, clock: Clock) -> None:
        self.record = record
        self.state = QueueState(is_fifo=record.is_fifo)
        self.originals = Deduplication()
        #: Commits of originals that are not on disk yet.
        self.pending: dict[DeduplicationKey, asyncio.Future[None]] = {}
        self.attempts: OrderedDict[str, tuple[int, tuple[int, ...]]] = OrderedDict()
        self.purged_ms = 0
        self.is_deleted = False
        #: Numbers of messages whose standing is not on disk as it is.
        self.changed: set[int] = set()
        self._clock = clock
        self._last_number = 0
        self._waiters: OrderedDict[asyncio.Future[None], None] = OrderedDict()

    def __repr__(self) -> str:
        return f"<Queue {self.record.name} {self.state}, {len(self._waiters)} wait>"

    @property
    def key(self) -> QueueKey:
        return self.record.account, self.record.region, self.record.name

    @property
    def id(self) -> bytes:
        return bytes.fromhex(self.record.id)

    def document(self, number: int) -> str:
        """The key of a message's documents: in the order of the numbers, so that new ones are appended."""
        return f"{self.record.id}/{number:020d}"

    def next_number(self) -> int:
        """Grows, also over restarts: it begins with the time in microseconds."""
        self._last_number = max(self._last_number + 1, self._clock.now_ms() * 1000)
        return self._last_number

    def seen(self, number: int) -> None:
        """A number that was given before the start."""
        self._last_number = max(self._last_number, number)

    def original(self, key: DeduplicationKey, message_id: str, number: int) -> Original:
        made = Original(key, message_id, number, self._clock.now_ms() + DEDUPLICATION_MS)
        self.originals.add(made)
        return made

    def advance(self) -> None:
        """What was delayed or in flight until now is ready."""
        self.state.advance(self._clock.now_ms())

    # ------------------------------------------------------------ attempts

    def remember(self, attempt: str, numbers: tuple[int, ...]) -> None:
        self.attempts[attempt] = (self._clock.now_ms() + DEDUPLICATION_MS, numbers)
        self.attempts.move_to_end(attempt)
        while len(self.attempts) > ATTEMPTS_MAX or next(iter(self.attempts.values()))[0] <= self._clock.now_ms():
            self.attempts.popitem(last=False)

    def attempt(self, attempt: str) -> tuple[int, ...]:
        """What a receive of that id got within the last five minutes; empty when nothing."""
        until_ms, numbers = self.attempts.get(attempt, (0, ()))
        return numbers if until_ms > self._clock.now_ms() else ()

    # ------------------------------------------------------------ waiting

    @property
    def has_waiters(self) -> bool:
        return bool(self._waiters)

    async def wait(self, wait_ms: int) -> None:
        """Returns when there may be a message, or the time is over."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = None
        timer = self._clock.call_later(max(0, wait_ms) / 1000, partial(_settle, waiter))
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiters.pop(waiter, None)
            if waiter.cancelled():  # it may have been woken and gone away at once: the next one looks
                self.wake()

    def wake(self) -> None:
        """Wakes whoever has waited longest, if there is something for it; it wakes the next one after its turn."""
        if self._waiters and self.state.has_ready():
            waiter, _ = self._waiters.popitem(last=False)
            _settle(waiter)

    def wake_all(self) -> None:
        """The queue is gone, or the server stops."""
        for waiter in list(self._waiters):
            _settle(waiter)


def _settle(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
