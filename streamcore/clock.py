"""The clock: the only file of the broker that imports `time`. Everything else is handed a `Clock` or a number.

`ManualClock` is the same port for tests: it stands still until told to advance, then fires what came due, in order.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A scheduled call that can be taken back."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Wall time in milliseconds since the epoch, a monotonic time in seconds, and calls that happen later."""

    def now_ms(self) -> int: ...

    def monotonic(self) -> float: ...

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer: ...


class SystemClock:
    """The machine's clock; timers are the running loop's."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_later(delay_s, callback)


class _ManualTimer:
    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """A clock that moves only by `advance()`; for tests and for replaying time."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._now_us = now_ms * 1000
        self._start_us = self._now_us
        self._timers: list[tuple[int, int, _ManualTimer]] = []
        self._order = itertools.count()

    def now_ms(self) -> int:
        return self._now_us // 1000

    def monotonic(self) -> float:
        return (self._now_us - self._start_us) / 1e6

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        timer = _ManualTimer(callback)
        heapq.heappush(self._timers, (self._now_us + round(delay_s * 1e6), next(self._order), timer))
        return timer

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Moves time forward and fires every timer that comes due on the way, each at its own time."""
        seconds += 60 * minutes + 3600 * hours + 86_400 * days
        target_us = self._now_us + round(seconds * 1e6)
        while self._timers and self._timers[0][0] <= target_us:
            due_us, _, timer = heapq.heappop(self._timers)
            self._now_us = max(self._now_us, due_us)
            if timer.callback is not None:
                timer.callback()
        self._now_us = target_us


async def sleep_until_ms(clock: Clock, due_ms: int) -> None:
    """Waits on `clock` (not on the loop's own time) until `due_ms`; returns at once when that has passed."""
    delay_s = (due_ms - clock.now_ms()) / 1000
    if delay_s <= 0:
        return
    done = asyncio.get_running_loop().create_future()
    timer = clock.call_later(delay_s, lambda: None if done.done() else done.set_result(None))
    try:
        await done
    finally:
        timer.cancel()
