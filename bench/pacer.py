"""Send times of an open-loop load: evenly spaced, kept whatever the server does."""

from __future__ import annotations

import asyncio
import ctypes
import os
import time
from collections.abc import Callable

_NS_PER_S = 1_000_000_000
_CLOCK_MONOTONIC = 1
_TFD_TIMER_ABSTIME = 1


class _ItimerSpec(ctypes.Structure):
    _fields_ = [(name, ctypes.c_long) for name in ("every_s", "every_ns", "first_s", "first_ns")]


def _timer_fd(first_ns: int, every_ns: int) -> int:
    """A descriptor that becomes readable at each tick.

    The event loop's own timers are whole milliseconds: at 1000 requests/s their rounding would be the latency measured.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    fd = int(libc.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC))
    spec = _ItimerSpec(*divmod(every_ns, _NS_PER_S), *divmod(first_ns, _NS_PER_S))
    if fd < 0 or libc.timerfd_settime(fd, _TFD_TIMER_ABSTIME, ctypes.byref(spec), None) < 0:
        raise OSError(ctypes.get_errno(), "cannot arm a timerfd")
    return fd


class Pacer:
    """Calls `due(scheduled_ns)` once per tick; after a stall the missed ticks come at once, with their own times."""

    def __init__(self, rate_per_s: float, start_ns: int, due: Callable[[int], None]) -> None:
        self._every_ns = round(_NS_PER_S / rate_per_s)
        self._start_ns = start_ns
        self._due = due
        self._index = 0
        self._fd = -1

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._fd = _timer_fd(self._start_ns, self._every_ns)
        loop.add_reader(self._fd, self._tick)

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._fd >= 0:
            loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _tick(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return
        now_ns = time.monotonic_ns()
        while (scheduled_ns := self._start_ns + self._index * self._every_ns) <= now_ns and self._fd >= 0:
            self._index += 1
            self._due(scheduled_ns)
