"""Notifications on their way: kept with what they are about, delivered at least once.

They are sent some at a time, so one target that hangs does not hold up the others. One that does not take its
notification gets it again later, up to a day; then it is given up and logged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from runtime.errors import DestinationError
from runtime.sqlite import Connection, Database, DatabaseFailed
from streamcore.clock import Clock, Timer

log = logging.getLogger(__name__)

#: (target, body, request id). Raises DestinationError.
Send = Callable[[str, bytes, str], Awaitable[None]]

AT_ONCE: Final = 32
RETRY_FIRST_MS: Final = 1000
RETRY_MOST_MS: Final = 300_000
GIVEN_UP_MS: Final = 86_400_000


class Row(NamedTuple):
    number: int
    target: str
    request_id: str
    body: bytes
    made_ms: int
    tries: int


class Outbox:
    """Sleeps until it is woken, or until something is to be tried again."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        #: Set before anything is to be sent; without it everything waits.
        self.send: Send | None = None
        self.delivered = 0
        self.given_up = 0
        self._more = asyncio.Event()
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._idle = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._timer: Timer | None = None

    async def start(self) -> None:
        """What a former process did not deliver comes first."""
        self.wake()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def wake(self) -> None:
        """Something was kept, or came due."""
        self._idle.clear()
        self._more.set()

    async def close(self) -> None:
        """Deliveries under way are given up; they come again after the next start."""
        if self._timer is not None:
            self._timer.cancel()
        tasks = [task for task in (self._task, *self._under_way.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def waiting(self) -> int:
        """How many are kept and not delivered."""
        return await self._database.run(lambda c: int(c.execute("SELECT count(*) FROM outbox").fetchone()[0]))

    async def drained(self) -> None:
        """Returns when nothing is left that can be delivered now."""
        await self._idle.wait()

    async def _run(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            try:
                rows, due_ms = await self._look()
            except DatabaseFailed as error:
                log.warning("notifications wait: %s", error)
                rows, due_ms = [], self._clock.now_ms() + RETRY_FIRST_MS
            for row in rows:
                self._under_way[row.number] = asyncio.get_running_loop().create_task(self._deliver(row))
            if rows:
                self._more.set()
            else:
                self._arm(due_ms)
                if not self._under_way and not self._more.is_set():
                    self._idle.set()

    async def _look(self) -> tuple[list[Row], int | None]:
        """What can be sent now, and when the next is due if there is none."""
        # Known here and now: what ends while the job waits is deleted by a job behind it.
        busy, now_ms = list(self._under_way), self._clock.now_ms()
        if self.send is None or len(busy) >= AT_ONCE:
            return [], None
        rest = f"FROM outbox WHERE id NOT IN ({','.join('?' * len(busy))})"

        def job(connection: Connection) -> tuple[list[Row], int | None]:
            found = connection.execute(
                f"SELECT id, target, request, body, made_ms, tries {rest} AND due_ms <= ? ORDER BY id LIMIT ?",
                (*busy, now_ms, AT_ONCE - len(busy)),
            ).fetchall()
            if found:
                return [Row(*row) for row in found], None
            return [], connection.execute(f"SELECT min(due_ms) {rest}", busy).fetchone()[0]

        return await self._database.run(job)

    def _arm(self, due_ms: int | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due_ms is not None:
            delay_s = max(0.0, (due_ms - self._clock.now_ms()) / 1000)
            self._timer = self._clock.call_later(delay_s, self.wake)

    async def _deliver(self, row: Row) -> None:
        try:
            assert self.send is not None
            await self.send(row.target, row.body, row.request_id)
        except DestinationError as error:
            await self._failed(row, error)
        except Exception:
            log.exception("a notification was not delivered to %s", row.target)
            await self._failed(row, DestinationError(row.target, "internal error", is_passing=True))
        else:
            self.delivered += 1
            self._database.post(lambda c: c.execute("DELETE FROM outbox WHERE id = ?", (row.number,)), 0)
        finally:
            self._under_way.pop(row.number, None)
            self.wake()

    async def _failed(self, row: Row, error: DestinationError) -> None:
        now_ms = self._clock.now_ms()
        if not error.is_passing or now_ms - row.made_ms > GIVEN_UP_MS:
            self.given_up += 1
            log.error("a notification is given up: %s", error)
            await self._save(lambda c: c.execute("DELETE FROM outbox WHERE id = ?", (row.number,)))
            return
        log.warning("a notification waits: %s", error)
        due_ms = now_ms + min(RETRY_MOST_MS, RETRY_FIRST_MS << min(row.tries, 20))
        await self._save(
            lambda c: c.execute("UPDATE outbox SET tries = tries + 1, due_ms = ? WHERE id = ?", (due_ms, row.number))
        )

    async def _save(self, job: Callable[[Connection], object]) -> None:
        try:
            await self._database.run(job)
        except DatabaseFailed as failed:
            log.warning("%s", failed)

    def __repr__(self) -> str:
        return f"<Outbox {len(self._under_way)} under way, {self.delivered} delivered, {self.given_up} given up>"
