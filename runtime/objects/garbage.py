"""Files that nobody refers to any more are removed, but not while somebody reads them.

A reader first looks into the index and then opens files; between the two it is `looking`: what is dropped meanwhile
waits for it. What it found is pinned until it is done.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from runtime.objects import index
from runtime.objects.blobs import Blobs
from runtime.sqlite import Database
from streamcore.errors import StreamcoreError

log = logging.getLogger(__name__)


class Garbage:
    """What is to be removed; the index knows it, too, so that a restart goes on with it."""

    def __init__(self, blobs: Blobs, database: Database) -> None:
        self._blobs = blobs
        self._database = database
        #: (number of the last reader that may have seen it, files)
        self._waiting: list[tuple[int, list[str]]] = []
        self._tickets = itertools.count(1)
        self._last_ticket = 0
        self._looking: dict[int, None] = {}
        self._pins: Counter[str] = Counter()
        self._pinned_garbage: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, names: Iterable[str]) -> None:
        files = list(names)
        if files:
            self._waiting.append((self._last_ticket, files))
            self._begin()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Around a look into the index and the pinning of what it found."""
        self._last_ticket = ticket = next(self._tickets)
        self._looking[ticket] = None
        try:
            yield
        finally:
            del self._looking[ticket]
            if self._waiting:
                self._begin()

    def pin(self, names: Iterable[str]) -> None:
        self._pins.update(names)

    def unpin(self, names: Iterable[str]) -> None:
        free = []
        for name in names:
            self._pins[name] -= 1
            if self._pins[name] <= 0:
                del self._pins[name]
                if name in self._pinned_garbage:
                    self._pinned_garbage.discard(name)
                    free.append(name)
        self.add(free)

    async def close(self) -> None:
        """What is left is found again at the next start."""
        self._looking.clear()
        self._begin()
        if self._task is not None:
            await self._task

    def _begin(self) -> None:
        if self._task is None and self._ready():
            self._task = asyncio.get_running_loop().create_task(self._collect())

    def _ready(self) -> bool:
        oldest = next(iter(self._looking), None)
        return bool(self._waiting) and (oldest is None or self._waiting[0][0] < oldest)

    async def _collect(self) -> None:
        try:
            while self._ready():
                _, names = self._waiting.pop(0)
                self._pinned_garbage.update(name for name in names if name in self._pins)
                files = [name for name in names if name not in self._pins]
                await self._blobs.run(self._blobs.remove, files)
                self._database.post(lambda c, files=files: index.forget_garbage(c, files), 0)  # type: ignore[misc]  # a default that binds
        except StreamcoreError as error:
            log.warning("files that nobody needs were not removed; the next start tries again: %s", error)
        finally:
            self._task = None

    def __repr__(self) -> str:
        return f"<Garbage {len(self._waiting)} waiting, {len(self._pins)} pinned>"
