"""Metrics: sample sets, the minutes that are written down, functions' and streams' own."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.model.emf import metrics_of
from runtime.model.function import FunctionSpec
from runtime.model.invocation import Outcome, Status
from runtime.model.metric import MetricKey, SampleSet, merged
from runtime.sqlite import Database
from runtime.telemetry import tables
from runtime.telemetry.functions import FunctionMeter
from runtime.telemetry.meter import Meter
from runtime.telemetry.streams import StreamMeter
from streamcore.broker import open_broker
from streamcore.clock import ManualClock
from streamcore.model.stream import Scope

NOW_MS = 1_700_000_000_000
MINUTE = NOW_MS // 60_000
SCOPE = Scope("123456789012", "eu-west-1")
KEY = MetricKey(SCOPE.account, SCOPE.region, "Own", "m", (("d", "1"),))
SPEC = FunctionSpec(name="f", handler="m.f", account=SCOPE.account, region=SCOPE.region)

VALUES = st.floats(-1e12, 1e12).filter(lambda value: value == 0 or abs(value) > 1e-6)


@given(st.lists(VALUES, min_size=1, max_size=60), st.integers(0, 60), st.floats(0, 100))
def test_merged_percentiles_are_right_within_one_percent(values: list[float], cut: int, percent: float) -> None:
    sets = [SampleSet(), SampleSet()]
    for position, value in enumerate(values):
        sets[position < cut].add(value)
    whole = merged(sets)
    ordered = sorted(values)
    exact = ordered[max(0, math.ceil(percent / 100 * len(values)) - 1)]
    assert whole.percentile(percent) == pytest.approx(exact, rel=0.0101, abs=1e-9)
    assert (whole.count, whole.least, whole.greatest) == (len(values), ordered[0], ordered[-1])
    assert whole.total == pytest.approx(math.fsum(values), rel=1e-9, abs=1e-3)


class Rig:
    def __init__(self, database: Database) -> None:
        self.clock = ManualClock(NOW_MS)
        self.database = database
        self.meter = Meter(database, self.clock)

    async def sums(self, key: MetricKey = KEY) -> dict[int, float]:
        sums: dict[int, float] = {}
        for point in await self.meter.points(key, 0, 2**40, None):
            minute = point.minute - MINUTE
            sums[minute] = sums.get(minute, 0.0) + point.samples.total
        return sums

    async def rows(self) -> int:
        (count,) = await self.database.run(lambda c: c.execute("SELECT COUNT(*) FROM metric_point").fetchone())
        return int(count)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    database = Database(None, 8 * 1024 * 1024)
    await database.open()
    rig = Rig(database)
    await rig.meter.start()
    yield rig
    rig.meter.close()
    await database.close()


async def test_a_minute_is_written_when_it_has_passed(rig: Rig) -> None:
    assert rig.meter._timer is None
    rig.meter.record(KEY, 2)
    rig.meter.record(KEY, 3)
    assert (await rig.rows(), await rig.sums()) == (0, {0: 5})
    rig.clock.advance(60)
    assert (await rig.rows(), await rig.sums()) == (1, {0: 5})
    assert rig.meter._timer is None  # nothing recorded, nothing to do
    rig.meter.record(KEY, 1)
    rig.meter.record(KEY, 7, at_ms=NOW_MS)  # joins a minute that is written
    rig.clock.advance(60)
    assert (await rig.rows(), await rig.sums()) == (2, {0: 12, 1: 1})
    assert await rig.meter.metrics(SCOPE, MINUTE) == [KEY]
    assert await rig.meter.metrics(SCOPE, MINUTE + 5) == []
    assert await rig.meter.metrics(Scope("000000000000", "eu-west-1"), 0) == []


async def test_units_are_kept_apart(rig: Rig) -> None:
    rig.meter.record(KEY, 1, "Bytes")
    rig.meter.record(KEY, 2, "Count")
    assert [point.samples.total for point in await rig.meter.points(KEY, 0, 2**40, "Bytes")] == [1]
    assert len(await rig.meter.points(KEY, 0, 2**40, None)) == 2


async def test_fifteen_days_are_kept(rig: Rig) -> None:
    rig.meter.record(KEY, 1)
    rig.clock.advance(60)
    rig.clock.advance(15 * 86_400)
    rig.meter.record(KEY, 2)
    rig.clock.advance(60)
    assert list((await rig.sums()).values()) == [2]


async def test_points_are_bounded(rig: Rig) -> None:
    points = [tables.Point(KEY, MINUTE + number, "Count", SampleSet()) for number in range(10)]
    for point in points:
        point.samples.add(1.0)
    await rig.database.run(lambda c: tables.add_points(c, points, MINUTE, 4))
    assert list(await rig.sums()) == [6, 7, 8, 9]


async def test_functions(rig: Rig) -> None:
    functions = FunctionMeter(rig.meter)
    outcomes = [
        Outcome(status=status, payload=b"", log=b"", request_id="r", duration_ms=ms, init_duration_ms=init)
        for status, ms, init in ((Status.SUCCESS, 10.0, 90.0), (Status.TIMED_OUT, 30.0, None))
    ]
    for number in range(2):
        functions.began(SPEC, f"s{number}", "r")
    for number, outcome in enumerate(outcomes):
        functions.ended(SPEC, f"s{number}", outcome)
    functions.throttled(SPEC)
    functions.async_received(SPEC)
    functions.iterator_age(SPEC, 1234)

    async def found(name: str, *dimensions: tuple[str, str]) -> tuple[float, float, float]:
        key = MetricKey(SCOPE.account, SCOPE.region, "AWS/Lambda", name, dimensions)
        [point] = await rig.meter.points(key, 0, 2**40, None)
        return point.samples.count, point.samples.total, point.samples.greatest

    mine = ("FunctionName", "f")
    assert await found("Invocations", mine) == (2, 2, 1)
    assert await found("Errors", mine) == (2, 1, 1)
    assert await found("Throttles", mine) == (3, 1, 1)
    assert await found("Duration", mine, ("Resource", "f")) == (2, 40, 30)
    assert await found("InitDuration") == (1, 90, 90)
    assert await found("ConcurrentExecutions", mine) == (2, 3, 2)
    assert await found("ConcurrentExecutions") == (2, 3, 2)
    assert await found("AsyncEventsReceived", mine) == (1, 1, 1)
    assert await found("IteratorAge", mine) == (1, 1234, 1234)
    assert not functions._running
    assert not functions._lines


EMBEDDED = {
    "_aws": {
        "Timestamp": NOW_MS,
        "CloudWatchMetrics": [
            {"Namespace": "Shop", "Dimensions": [["service"]], "Metrics": [{"Name": "sold", "Unit": "Count"}]}
        ],
    },
    "service": "checkout",
    "sold": [1, 2, 3],
}


async def test_metrics_that_are_printed(rig: Rig) -> None:
    functions = FunctionMeter(rig.meter)
    functions.began(SPEC, "s", "r")
    line = json.dumps(EMBEDDED).encode()
    functions.output(SPEC, "s", b"plain\n")
    functions.output(SPEC, "s", b"before\n" + line[:50])
    functions.output(SPEC, "s", line[50:] + b"\n")
    key = MetricKey(SCOPE.account, SCOPE.region, "Shop", "sold", (("service", "checkout"),))
    [point] = await rig.meter.points(key, 0, 2**40, None)
    assert (point.samples.count, point.samples.total) == (3, 6)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "plain",
        '{"_aws": 1}',
        '{"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "", "Dimensions": [], "Metrics": []}]}}',
        json.dumps(EMBEDDED | {"sold": "many"}),
        json.dumps(EMBEDDED | {"service": 5}),
        '{"_aws": ',
    ],
)
def test_lines_without_metrics(line: str) -> None:
    assert metrics_of(line) == []


async def test_streams(rig: Rig) -> None:
    async with open_broker(None, clock=rig.clock, transition_ms=0) as broker:
        rig.meter.sources.append(StreamMeter(broker))
        await broker.create_stream("orders", shards=2, scope=SCOPE)
        for number in range(3):
            await broker.put_record("orders", f"k{number}", b"1234", scope=SCOPE)
        rig.meter.touch()
        rig.clock.advance(60)
        await broker.put_record("orders", "k", b"1234", scope=SCOPE)
        key = MetricKey(SCOPE.account, SCOPE.region, "AWS/Kinesis", "IncomingRecords", (("StreamName", "orders"),))
        assert await rig.sums(key) == {0: 3, 1: 1}
        assert rig.meter._timer is not None
        rig.clock.advance(120)
        assert rig.meter._timer is None  # an idle stream costs nothing
