"""Threads that do the blocking work of a store, and hand results back to the loop.

A `ThreadPoolExecutor` with its futures, locks and wrappers costs about 50 us a call; this is a queue and a callback.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Threads:
    """`count` threads over one queue; with one thread, what is handed in is done in order."""

    def __init__(self, name: str, count: int) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._run, name=f"{name}-{i}") for i in range(count)]
        self._under_way = 0
        for thread in self._threads:
            thread.start()

    @property
    def is_idle(self) -> bool:
        """Whether nothing that was handed in is under way."""
        return self._under_way == 0

    def run(self, action: Callable[[], T]) -> asyncio.Future[T]:
        """Has `action` done by a thread. Cancelling the future does not stop it."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._under_way += 1
        self._jobs.put((loop, done, action))
        return done

    def stop(self) -> None:
        """Blocks until everything handed in is done and the threads have ended."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._do(*job)
            del job  # or the last result would live until the next job

    def _do(self, loop: asyncio.AbstractEventLoop, done: asyncio.Future[Any], action: Callable[[], Any]) -> None:
        try:
            result, error = action(), None
        except BaseException as caught:  # noqa: BLE001  whoever waits is told, whatever it is
            result, error = None, caught
        try:
            loop.call_soon_threadsafe(self._settle, done, result, error)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    def _settle(self, done: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        self._under_way -= 1
        if done.done():
            return
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)
