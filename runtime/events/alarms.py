"""The next time of each of many things, with one timer for the earliest."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from streamcore.clock import Clock, Timer

K = TypeVar("K", bound=Hashable)


class Alarms(Generic[K]):
    """`ring(key, at_ms)` is called once for each time that was set and came."""

    def __init__(self, clock: Clock, ring: Callable[[K, int], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._times: dict[K, int] = {}
        #: Has also what was set anew or taken back since: only what `_times` agrees with counts.
        self._heap: list[tuple[int, int, K]] = []
        self._order = itertools.count()
        self._timer: Timer | None = None
        self._timer_ms = 0
        self._is_closed = False

    def __repr__(self) -> str:
        return f"<Alarms {len(self._times)}>"

    def set(self, key: K, at_ms: int | None) -> None:
        """Replaces the time of a key; None takes it back."""
        if at_ms is None:
            self._times.pop(key, None)
        elif self._times.get(key) != at_ms:
            self._times[key] = at_ms
            heapq.heappush(self._heap, (at_ms, next(self._order), key))
        if len(self._heap) > 2 * len(self._times) + 64:
            self._heap = [each for each in self._heap if self._times.get(each[2]) == each[0]]
            heapq.heapify(self._heap)
        self._arm()

    def close(self) -> None:
        """Nothing rings any more."""
        self._is_closed = True
        self._disarm()

    def _arm(self) -> None:
        while self._heap and self._times.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        if not self._heap or self._is_closed:
            self._disarm()
        elif self._timer is None or self._timer_ms != self._heap[0][0]:
            self._disarm()
            self._timer_ms = self._heap[0][0]
            self._timer = self._clock.call_later(max(0, self._timer_ms - self._clock.now_ms()) / 1000, self._wake)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        self._timer = None
        now_ms = self._clock.now_ms()
        while self._heap and self._heap[0][0] <= now_ms:
            at_ms, _, key = heapq.heappop(self._heap)
            if self._times.get(key) == at_ms:
                del self._times[key]
                self._ring(key, at_ms)
        self._arm()
