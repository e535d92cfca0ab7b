"""Counts samples by the minute, and writes a minute down when it has passed.

The timer is set by the first sample of a minute and by nothing else: nothing recorded, nothing done. What is not
written down yet is seen by queries all the same; kill -9 loses the present minute. Whoever has counters of its own,
such as the broker's shards, is asked for samples when a minute closes (`sources`), and calls `touch` when something
happened.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Final

from runtime.model.metric import MetricKey, SampleSet
from runtime.sqlite import Connection, Database
from runtime.telemetry import tables
from runtime.telemetry.tables import POINT_BYTES, Point
from streamcore.clock import Clock, Timer
from streamcore.model.stream import Scope

log = logging.getLogger(__name__)

MINUTE_MS: Final = 60_000
#: Different metrics and minutes in memory; more are written down before their minute has passed.
OPEN_MAX: Final = 10_000

_Open = tuple[MetricKey, int, str]
#: Records into the meter what happened until that time, in ms.
Source = Callable[["Meter", int], None]


class Meter:
    """Metrics of all accounts. `close` it before the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._open: dict[_Open, SampleSet] = {}
        self._timer: Timer | None = None
        self._max_points = database.max_bytes // 4 // POINT_BYTES
        self._closed = False
        #: Asked for samples before a minute is written down, and before a query.
        self.sources: list[Source] = []

    async def start(self) -> None:
        """Raises DatabaseFailed."""
        await self._database.run(tables.create)

    def close(self) -> None:
        """Writes down what there is."""
        self._ask(self._clock.now_ms())
        self._stop_timer()
        self._write()
        self._closed = True

    # ------------------------------------------------------------ recording

    def record(
        self, key: MetricKey, value: float, unit: str = "Count", count: float = 1.0, at_ms: int | None = None
    ) -> None:
        """`count` samples of a value, now or at another time."""
        self._samples(key, unit, at_ms).add(value, count)

    def record_summary(
        self, key: MetricKey, summary: tuple[float, float, float, float], unit: str, at_ms: int | None = None
    ) -> None:
        """Samples of which count, sum, least and greatest are known."""
        self._samples(key, unit, at_ms).add_summary(*summary)

    def merge(self, key: MetricKey, samples: SampleSet, unit: str, at_ms: int) -> None:
        """Samples that were gathered elsewhere."""
        self._samples(key, unit, at_ms).merge(samples)

    def touch(self) -> None:
        """Something happened that a source will tell of; cheap enough for every request."""
        if self._timer is None and not self._closed:
            left_ms = MINUTE_MS - self._clock.now_ms() % MINUTE_MS
            self._timer = self._clock.call_later(left_ms / 1000, self._minute_passed)

    # ------------------------------------------------------------ asking

    async def points(self, key: MetricKey, first: int, end: int, unit: str | None) -> list[Point]:
        """The points of the minutes [first, end), kept ones and the present one. A minute can come more than once."""
        self._ask(self._clock.now_ms())
        found = await self._database.run(lambda connection: tables.read_points(connection, key, first, end, unit))
        unwritten = (
            Point(key, minute, each, samples)
            for (open_key, minute, each), samples in list(self._open.items())
            if open_key == key and first <= minute < end and unit in (None, each)
        )
        return sorted([*found, *unwritten], key=lambda point: point.minute)

    async def metrics(self, scope: Scope, since_minute: int) -> list[MetricKey]:
        """All metrics with a point since then, in a stable order."""
        self._ask(self._clock.now_ms())
        kept = await self._database.run(
            lambda connection: tables.metrics(connection, scope.account, scope.region, since_minute)
        )
        mine = (scope.account, scope.region)
        unwritten = {key for key, minute, _ in self._open if key[:2] == mine and minute >= since_minute}
        return sorted({*kept, *unwritten})

    # ------------------------------------------------------------

    def _samples(self, key: MetricKey, unit: str, at_ms: int | None) -> SampleSet:
        minute = (self._clock.now_ms() if at_ms is None else at_ms) // MINUTE_MS
        samples = self._open.get((key, minute, unit))
        if samples is None:
            if len(self._open) >= OPEN_MAX:
                self._write()
            samples = self._open[key, minute, unit] = SampleSet()
            self.touch()
        return samples

    def _minute_passed(self) -> None:
        self._timer = None
        self._ask(self._clock.now_ms() - 1)  # the minute that has just passed
        self._write()
        self._stop_timer()  # what the sources told set it, and is written now

    def _ask(self, at_ms: int) -> None:
        for source in self.sources:
            source(self, at_ms)

    def _write(self) -> None:
        if not self._open:
            return
        points = [Point(key, minute, unit, samples) for (key, minute, unit), samples in self._open.items()]
        self._open = {}
        job = partial(_add, points=points, now_minute=self._clock.now_ms() // MINUTE_MS, max_points=self._max_points)
        if not self._database.post(job, POINT_BYTES * len(points)):
            log.warning("a minute of %d metrics is lost: the database cannot keep up", len(points))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _add(connection: Connection, *, points: list[Point], now_minute: int, max_points: int) -> None:
    tables.add_points(connection, points, now_minute, max_points)
