"""AWS/Lambda IteratorAge: how old the last record of a batch was when the function got it, for each batch."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import functions_under_test as handlers
import pytest

from runtime import Functions
from runtime.model.function import FunctionSpec
from runtime.model.invocation import Outcome, Status
from runtime.sqlite import Database
from runtime.telemetry.functions import FunctionMeter
from runtime.telemetry.meter import Meter
from streamcore.broker import Broker, start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.store.memory import MemoryStore


class Ages(FunctionMeter):
    """Notes what it is told, besides."""

    def __init__(self, meter: Meter) -> None:
        super().__init__(meter)
        self.seen: list[tuple[str, float]] = []

    def iterator_age(self, spec: FunctionSpec, age_ms: float) -> None:
        super().iterator_age(spec, age_ms)
        self.seen.append((spec.name, age_ms))


class Rig:
    def __init__(self, broker: Broker, clock: ManualClock, meter: Ages) -> None:
        self.broker, self.clock, self.ages = broker, clock, meter
        self.functions = Functions(broker, meter=meter)
        self.functions.invoker._run = self._run
        self.slow_s = 0.0

    async def _run(self, spec: FunctionSpec, event: bytes, **_: Any) -> Outcome:
        self.clock.advance(self.slow_s)
        records = json.loads(event)["Records"]
        is_bad = any(base64.b64decode(record["kinesis"]["data"]) == b"bad" for record in records)
        status = Status.FUNCTION_ERROR if is_bad else Status.SUCCESS
        return Outcome(status=status, payload=b"null", log=b"", request_id="r", duration_ms=1.0)

    async def put(self, *data: str) -> None:
        await self.broker.put_records("s", ["k"] * len(data), [datum.encode() for datum in data])

    async def advance(self, seconds: float) -> None:
        for step in (seconds, 0):
            for _ in range(200):
                await asyncio.sleep(0)
            self.clock.advance(step)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    clock = ManualClock(1_700_000_000_000)
    broker = await start_broker(settings(limits="off", transition_ms=0), data=None, clock=clock, store=MemoryStore())
    await broker.create_stream("s")
    database = Database(None, 8 * 1024 * 1024)
    await database.open()
    meter = Meter(database, clock)
    made = Rig(broker, clock, Ages(meter))
    await made.functions.start()
    yield made
    await made.functions.close()
    meter.close()
    await database.close()
    await broker.close()


async def test_the_age_is_that_of_the_last_record_when_it_is_handed_over(rig: Rig) -> None:
    rig.slow_s = 7
    await rig.functions.map("s", handlers.echo, maximum_batching_window_s=10)
    await rig.put("a")
    await rig.advance(6)
    await rig.put("b")
    await rig.advance(4)
    await rig.advance(0)
    assert rig.ages.seen == [("echo", 4000)]


async def test_every_try_counts(rig: Rig) -> None:
    await rig.functions.map("s", handlers.echo, maximum_retry_attempts=1)
    await rig.put("bad")
    await rig.advance(0)
    assert rig.ages.seen == [("echo", 0)]
    await rig.advance(0.2)
    await rig.advance(0)
    [_, (name, age_ms)] = rig.ages.seen
    assert name == "echo"
    assert 100 <= age_ms <= 200
