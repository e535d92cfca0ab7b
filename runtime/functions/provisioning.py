"""Provisioned concurrency: workers that are started ahead of their first event.

The pool starts them when they are asked for, at every start of the broker and after every change of what a version or
alias is, and keeps them for as long as they are asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import msgspec

from runtime.errors import FunctionsError
from runtime.functions.catalog import Catalog
from runtime.functions.specs import spec_of_configuration
from runtime.model.function import FunctionSpec
from runtime.model.names import FunctionKey, FunctionRef

log = logging.getLogger(__name__)

Warm = Callable[[FunctionSpec, int], Awaitable[int]]
IN_PROGRESS: Final = "IN_PROGRESS"


class Progress(msgspec.Struct, frozen=True):
    """How far a version's or alias' workers are: `status` is AWS's IN_PROGRESS, READY or FAILED."""

    status: str = IN_PROGRESS
    allocated: int = 0
    reason: str | None = None


class Provisioning:
    """Starts workers for what is provisioned, and knows how many came."""

    def __init__(self, catalog: Catalog, warm: Warm) -> None:
        self._catalog = catalog
        self._warm = warm
        self._progress: dict[tuple[FunctionKey, str], Progress] = {}
        self._served: dict[tuple[FunctionKey, str], tuple[FunctionSpec, int]] = {}
        self._tasks: dict[tuple[FunctionKey, str], asyncio.Task[None]] = {}
        self._others: set[asyncio.Task[None]] = set()
        catalog.on_change.append(self._changed)

    def start(self) -> None:
        for owner, qualifier, _ in self._catalog.provisioned:
            self.begin(FunctionKey(*owner), qualifier)

    async def close(self) -> None:
        tasks = [*self._tasks.values(), *self._others]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def progress(self, key: FunctionKey, qualifier: str) -> Progress:
        return self._progress.get((key, qualifier), Progress())

    def begin(self, key: FunctionKey, qualifier: str) -> None:
        """Starts what a version or alias is to have, in the background, unless it has just that."""
        place = (key, qualifier)
        wanted = self._wanted(key, qualifier)
        if wanted is not None and self._served.get(place) == wanted:
            return
        self._served.pop(place, None)
        if place in self._tasks:
            self._tasks.pop(place).cancel()
        self._progress[place] = Progress()
        task = asyncio.get_running_loop().create_task(self._provide(key, qualifier))
        self._tasks[place] = task
        task.add_done_callback(lambda done: self._tasks.pop(place) if self._tasks.get(place) is done else None)

    async def _provide(self, key: FunctionKey, qualifier: str) -> None:
        wanted = self._wanted(key, qualifier)
        if wanted is None:
            self._progress[(key, qualifier)] = Progress("FAILED", 0, "The function cannot be started.")
            return
        self._served[(key, qualifier)] = wanted
        spec, requested = wanted
        try:
            ready = await self._warm(spec, requested)
        except (FunctionsError, OSError) as error:
            log.warning("nothing was provisioned for %s: %s", key.qualified(qualifier), error)
            self._progress[(key, qualifier)] = Progress("FAILED", 0, str(error))
            return
        self._progress[(key, qualifier)] = _reached(min(ready, requested), requested)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    async def _release(self, spec: FunctionSpec) -> None:
        """Its workers may end when they have rested for long."""
        try:
            await self._warm(spec, 0)
        except (FunctionsError, OSError) as error:
            log.warning("what was provisioned for %s stays: %s", spec.name, error)

    def _wanted(self, key: FunctionKey, qualifier: str) -> tuple[FunctionSpec, int] | None:
        """What is to be started; None when it is not there."""
        config = self._catalog.provisioned.get(key, qualifier)
        if config is None:
            return None
        try:
            configuration = self._catalog.configuration(FunctionRef(key, qualifier))
            return spec_of_configuration(self._catalog, configuration), config.requested
        except FunctionsError:
            return None

    def _changed(self, key: FunctionKey) -> None:
        for qualifier in self._catalog.provisioned.of(key):
            self.begin(key, qualifier)
        for place in [place for place in self._progress if place[0] == key]:
            if self._catalog.provisioned.get(*place) is None:
                del self._progress[place]
                served = self._served.pop(place, None)
                if served is not None:
                    self._spawn(self._release(served[0]))


def _reached(ready: int, requested: int) -> Progress:
    if ready == requested:
        return Progress("READY", ready)
    return Progress("FAILED", ready, f"The setting `workers` leaves place for {ready} of {requested}.")
