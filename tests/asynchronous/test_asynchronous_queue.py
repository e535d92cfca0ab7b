"""The queue itself, on a broker in memory and a clock that is moved by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from runtime.asynchronous.queue import DELIVERIES_MAX, AsyncQueue
from runtime.destinations.kinesis import to_stream
from runtime.destinations.router import Destinations
from runtime.errors import (
    DestinationError,
    EventTooLargeError,
    FunctionGoneError,
    PoolBusyError,
    QueueFullError,
    ZeroConcurrencyError,
)
from runtime.model.asynchronous import MAX_EVENT_BYTES, Policy, QueuedEvent, Result
from streamcore.broker import Broker, start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.model.iterator import IteratorType
from streamcore.store.memory import MemoryStore

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
OTHER = "arn:aws:lambda:us-east-1:000000000000:function:g"
TARGET = "arn:aws:sqs:us-east-1:000000000000:q"
OK = Result(payload=b"null", executed_version="$LATEST")
FAILED = Result(payload=b'{"errorMessage":"no"}', executed_version="$LATEST", function_error="Unhandled")


class Rig:
    """A function that answers as told, and what destinations got; `gate` holds invokes back."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore()
        self.calls: list[tuple[str, bytes]] = []
        self.answers: list[Result | Exception] = []
        self.policy = Policy()
        self.gone = False
        self.sent: list[tuple[str, bytes, dict[str, str]]] = []
        self.failures: list[DestinationError] = []
        self.called = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.running = 0
        self.running_max = 0

    @asynccontextmanager
    async def open(self, **options: Any) -> AsyncIterator[AsyncQueue]:
        self.broker: Broker = await start_broker(
            settings(transition_ms=0), data=None, clock=self.clock, store=self.store
        )
        queue = AsyncQueue(self.broker, self.invoke, self.policy_of, self.send, jitter=lambda: 0.0, **options)
        await queue.start()
        yield queue
        await queue.close()
        # What a killed broker leaves is what is in the store: it is not closed, so that the next one finds it.

    async def invoke(self, event: QueuedEvent, payload: bytes) -> Result:
        self.calls.append((event.function_arn[-1], payload))
        self.called.set()
        self.running += 1
        self.running_max = max(self.running, self.running_max)
        try:
            await self.gate.wait()
        finally:
            self.running -= 1
        answer = self.answers.pop(0) if self.answers else OK
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def called_times(self, count: int) -> None:
        while len(self.calls) < count:
            self.called.clear()
            await self.called.wait()

    def policy_of(self, event: QueuedEvent) -> Policy:
        if self.gone:
            raise FunctionGoneError(event.function_arn)
        return self.policy

    async def send(self, target: str, body: bytes, attributes: dict[str, str]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((target, body, attributes))


@pytest.fixture
def rig() -> Rig:
    return Rig()


async def settle(queue: AsyncQueue) -> None:
    """Until nothing runs: what is left waits for the clock."""
    while queue._tasks:
        await asyncio.wait(list(queue._tasks), timeout=5)
        await asyncio.sleep(0)


async def put(queue: AsyncQueue, payload: bytes = b"1", *, arn: str = ARN, name: str = "r-1") -> None:
    await queue.enqueue(arn, "", payload, name)


async def test_an_event_runs_at_once_and_leaves(rig: Rig) -> None:
    async with rig.open() as queue:
        await put(queue, b'{"a":1}')
        await asyncio.wait_for(queue.drained(), 5)
        assert rig.calls == [("f", b'{"a":1}')]
        assert (queue.count, queue.bytes, rig.sent) == (0, 0, [])
        assert await rig.broker.documents("async") == await rig.broker.documents("async-payload") == {}


async def test_two_retries_after_one_and_two_minutes(rig: Rig) -> None:
    rig.answers = [FAILED, FAILED, FAILED]
    rig.policy = Policy(on_failure=TARGET, dead_letter=f"{TARGET}-dead")
    async with rig.open() as queue:
        await put(queue)
        for wait_s, calls in ((0, 1), (59, 1), (1, 2), (119, 2), (1, 3)):
            rig.clock.advance(wait_s)
            await settle(queue)
            assert len(rig.calls) == calls
        assert queue.count == 0
    (record, letter) = rig.sent
    context = json.loads(record[1])["requestContext"]
    assert (record[0], context["condition"], context["approximateInvokeCount"]) == (TARGET, "RetriesExhausted", 3)
    function = {"FUNCTION_ARN": "arn:aws:lambda:us-east-1:000000000000:function:f"}
    assert letter == (f"{TARGET}-dead", b"1", function | {"RequestID": "r-1", "ErrorCode": "200", "ErrorMessage": "no"})


async def test_success_is_told_to_its_destination_only(rig: Rig) -> None:
    rig.policy = Policy(on_success=TARGET, on_failure=f"{TARGET}-bad", dead_letter=f"{TARGET}-dead")
    async with rig.open() as queue:
        await put(queue)
        await asyncio.wait_for(queue.drained(), 5)
    assert [(target, json.loads(body)["requestContext"]["condition"]) for target, body, _ in rig.sent] == [
        (TARGET, "Success")
    ]


async def test_throttles_use_up_no_retry(rig: Rig) -> None:
    rig.answers = [PoolBusyError(1), PoolBusyError(1), FAILED, PoolBusyError(1), OK]
    async with rig.open() as queue:
        await put(queue)
        for wait_s in (0, 1, 2, 60, 1):
            rig.clock.advance(wait_s)
            await settle(queue)
        assert (len(rig.calls), queue.count) == (5, 0)


async def test_throttled_until_too_old(rig: Rig) -> None:
    rig.answers = [PoolBusyError(1)] * 99
    rig.policy = Policy(maximum_event_age_s=60, on_failure=TARGET)
    async with rig.open() as queue:
        await put(queue)
        for _ in range(61):
            await settle(queue)
            rig.clock.advance(1)
        await settle(queue)
        assert queue.count == 0
    context = json.loads(rig.sent[0][1])["requestContext"]
    assert (context["condition"], context["approximateInvokeCount"]) == ("EventAgeExceeded", 0)


async def test_a_function_that_is_switched_off(rig: Rig) -> None:
    rig.answers = [ZeroConcurrencyError("f")]
    rig.policy = Policy(on_failure=TARGET)
    async with rig.open() as queue:
        await put(queue)
        await asyncio.wait_for(queue.drained(), 5)
    assert json.loads(rig.sent[0][1])["requestContext"]["condition"] == "ZeroReservedConcurrency"


async def test_a_function_that_was_deleted(rig: Rig) -> None:
    rig.gone = True
    async with rig.open() as queue:
        await put(queue)
        await asyncio.wait_for(queue.drained(), 5)
        assert queue.stats()[ARN].dropped == 1
    assert rig.calls == []


async def test_a_restart_in_the_middle_of_the_retries(rig: Rig) -> None:
    rig.answers = [FAILED, FAILED, FAILED]
    rig.policy = Policy(on_failure=TARGET)
    async with rig.open() as queue:
        await put(queue)
        await settle(queue)
    rig.clock.advance(30)
    async with rig.open() as queue:
        assert (queue.count, queue.bytes) == (1, 1)
        rig.clock.advance(29)
        await settle(queue)
        assert len(rig.calls) == 1
        rig.clock.advance(1)
        await settle(queue)
        assert len(rig.calls) == 2
    rig.clock.advance(1000)  # the second retry is long due
    async with rig.open() as queue:
        await asyncio.wait_for(queue.drained(), 5)
    assert json.loads(rig.sent[0][1])["requestContext"]["approximateInvokeCount"] == 3


async def test_an_event_that_ran_when_the_broker_died_runs_again(rig: Rig) -> None:
    rig.gate.clear()
    async with rig.open() as queue:
        await put(queue)
        await rig.called_times(1)
        for task in queue._tasks:
            task.cancel()
    rig.gate.set()
    async with rig.open() as queue:
        await asyncio.wait_for(queue.drained(), 5)
    assert len(rig.calls) == 2


async def test_a_destination_that_is_away_for_a_while(rig: Rig) -> None:
    rig.policy = Policy(on_success=TARGET)
    rig.failures = [DestinationError(TARGET, "busy", is_passing=True)] * 2
    async with rig.open() as queue:
        await put(queue)
        await settle(queue)
        assert queue.count == 1
    async with (
        rig.open() as queue
    ):  # what was the outcome is known after a restart too: the function does not run again
        for _ in range(3):
            rig.clock.advance(60)
            await settle(queue)
        assert queue.count == 0
    assert (len(rig.calls), len(rig.sent)) == (1, 1)


@pytest.mark.parametrize(("passing", "failures"), [(True, DELIVERIES_MAX), (False, 1)])
async def test_a_destination_that_is_away_for_good(rig: Rig, passing: bool, failures: int) -> None:
    rig.policy = Policy(on_success=TARGET)
    rig.failures = [DestinationError(TARGET, "no", is_passing=passing)] * 99
    async with rig.open() as queue:
        await put(queue)
        for _ in range(10):
            await settle(queue)
            rig.clock.advance(60)
        assert (queue.count, queue.stats()[ARN].destination_failures) == (0, failures)


async def test_one_function_does_not_hold_another_back(rig: Rig) -> None:
    rig.gate.clear()
    async with rig.open(concurrency=2) as queue:
        for number in range(5):
            await put(queue, name=f"r-{number}")
        await put(queue, name="g-1", arn=OTHER)
        await rig.called_times(3)
        assert [name for name, _ in rig.calls] == ["f", "f", "g"]
        rig.gate.set()
        await asyncio.wait_for(queue.drained(), 5)
    assert rig.running_max == 3


async def test_bounds(rig: Rig) -> None:
    rig.gate.clear()
    async with rig.open(max_events=2, max_bytes=10) as queue:
        with pytest.raises(EventTooLargeError):
            await put(queue, b"x" * (MAX_EVENT_BYTES + 1))
        await put(queue, b"x" * 6)
        with pytest.raises(QueueFullError):
            await put(queue, b"x" * 5, name="r-2")
        await put(queue, b"x", name="r-3")
        with pytest.raises(QueueFullError):
            await put(queue, b"", name="r-4")
        rig.gate.set()
        await asyncio.wait_for(queue.drained(), 5)
        await put(queue, name="r-5")


async def test_idle_has_no_timer(rig: Rig) -> None:
    async with rig.open() as queue:
        await put(queue)
        await asyncio.wait_for(queue.drained(), 5)
        assert queue._timer is None


async def test_a_stream_as_a_destination(rig: Rig) -> None:
    async with rig.open():
        info = await rig.broker.create_stream("out")
        destinations = Destinations()
        destinations.add("kinesis", to_stream(rig.broker))
        assert destinations.offers(info.arn)
        await destinations.send(info.arn, b'{"a":1}', {"RequestID": "r-1"})
        position = await rig.broker.position("out", "shardId-000000000000", IteratorType.TRIM_HORIZON)
        read = await rig.broker.read("out", "shardId-000000000000", position)
        assert [data for chunk in read.chunks for data in chunk.datas] == [b'{"a":1}']
        for arn in (info.arn.replace("/out", "/missing"), TARGET, "nonsense"):
            with pytest.raises(DestinationError) as caught:
                await destinations.send(arn, b"", {})
            assert not caught.value.is_passing
