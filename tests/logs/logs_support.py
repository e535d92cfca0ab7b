"""One builder for the tests of the log store: a store on a file or in memory, with a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from runtime.logs.store import LogStore
from runtime.logs.values import GroupKey, LogEvent, Span
from runtime.sqlite import Database
from streamcore.clock import ManualClock
from streamcore.model.stream import Scope

SCOPE = Scope("123456789012", "eu-west-1")
GROUP = GroupKey(SCOPE, "/aws/lambda/f")
NOW_MS = 1_700_000_000_000


class Rig:
    def __init__(self, path: Path | None, max_bytes: int) -> None:
        self.clock = ManualClock(NOW_MS)
        self.database = Database(path, max_bytes)
        self.store = LogStore(self.database, self.clock)

    async def all(self, group: GroupKey = GROUP) -> list[LogEvent]:
        """Every event of a group, in pages."""
        found: list[LogEvent] = []
        span = Span()
        while True:
            page = await self.store.search(group, span, lambda _: True, 10_000, newest=False)
            found += page.events
            if page.at is None:
                return found
            span = span._replace(after=page.at)

    async def settled(self) -> None:
        """Returns when nothing is removed in the background any more."""
        while (work := self.store._work) is not None and not work.done():
            await work


@asynccontextmanager
async def opened(path: Path | None = None, max_bytes: int = 64 * 1024 * 1024) -> AsyncIterator[Rig]:
    rig = Rig(path, max_bytes)
    await rig.database.open()
    try:
        await rig.store.start()
        await rig.settled()
        yield rig
    finally:
        await rig.store.close()
        await rig.database.close()
