"""Subscriptions on a clock that stands still: pushing, idling, limits, takeover, every way to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from streamcore.broker import Broker, FanoutEvent, Subscription, open_broker
from streamcore.clock import ManualClock
from streamcore.errors import (
    BrokerClosed,
    InvalidArgument,
    ResourceInUse,
    ResourceNotFound,
    ShardNotFound,
    StreamcoreError,
    StreamNotFound,
)
from streamcore.metrics import Exposition, render
from streamcore.model.iterator import IteratorType
from streamcore.model.limits import MIB
from streamcore.model.stream import ShardInfo

SHARD = "shardId-000000000000"
AT, AFTER, TRIM_HORIZON, LATEST, AT_TIMESTAMP = IteratorType


async def settle() -> None:
    """Lets everything run that waits for nothing but its turn."""
    for _ in range(50):
        await asyncio.sleep(0)


class World:
    def __init__(self, broker: Broker, clock: ManualClock) -> None:
        self.broker = broker
        self.clock = clock

    async def subscribe(self, kind: IteratorType = LATEST, consumer: str = "app", **where: Any) -> Subscription:
        return await self.broker.subscribe_to_shard(consumer, SHARD, kind, stream="orders", **where)

    async def put(self, *datas: bytes) -> list[str]:
        result = await self.broker.put_records("orders", ["k"] * len(datas), datas)
        return result.runs[0].sequences()

    async def pending(self, subscription: Subscription) -> asyncio.Task[FanoutEvent]:
        """The reader waits for an event."""
        task = asyncio.create_task(anext(subscription))  # type: ignore[arg-type]
        await settle()
        return task

    async def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await settle()

    async def split(self) -> None:
        stream = self.broker.catalog.find("orders", self.broker.settings.scope)
        parent, now_ms = stream.info.shards[0], self.clock.now_ms()
        middle = int(parent.last_hash_key) // 2
        closed = msgspec.structs.replace(parent, closed_ms=now_ms)
        second = now_ms // 1000 + 1
        children = (
            ShardInfo(1, second, "0", str(middle), parent=0),
            ShardInfo(2, second, str(middle + 1), parent.last_hash_key, parent=0),
        )
        await self.broker.catalog.change(stream, msgspec.structs.replace(stream.info, shards=(closed, *children)))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = ManualClock()
    async with open_broker(None, clock=clock, transition_ms=0) as broker:
        await broker.create_stream("orders", limit_mode=None)
        await broker.register_consumer("orders", "app")
        yield World(broker, clock)
        await settle()
        assert len(broker.fanout) == 0, "a subscription was left open"


def datas(event: FanoutEvent) -> list[bytes]:
    return [data for chunk in event.result.chunks for data in chunk.datas]


async def ends(subscription: Subscription) -> None:
    with pytest.raises(StopAsyncIteration):
        await anext(subscription)


async def fails(subscription: Subscription, error: type[StreamcoreError]) -> str:
    with pytest.raises(error) as caught:
        await anext(subscription)
    await ends(subscription)
    return str(caught.value)


async def test_the_first_event_tells_the_place_and_the_commit_pushes_the_next(world: World) -> None:
    await world.put(b"before")
    subscription = await world.subscribe()
    first = await anext(subscription)
    assert (datas(first), first.result.millis_behind) == ([], 0)
    waiting = await world.pending(subscription)
    assert not waiting.done()
    numbers = await world.put(b"one", b"two")
    event = await waiting
    assert (datas(event), event.continuation, event.result.millis_behind) == ([b"one", b"two"], numbers[-1], 0)
    await subscription.aclose()


async def test_starting_positions(world: World) -> None:
    first, second = await world.put(b"one", b"two")
    world.clock.advance(10)
    [third] = await world.put(b"three")
    at_ms = world.clock.now_ms()
    cases: list[tuple[IteratorType, dict[str, Any], list[bytes]]] = [
        (TRIM_HORIZON, {}, [b"one", b"two", b"three"]),
        (AT, {"sequence_number": second}, [b"two", b"three"]),
        (AFTER, {"sequence_number": first}, [b"two", b"three"]),
        (AFTER, {"sequence_number": third}, []),
        (AT_TIMESTAMP, {"timestamp_ms": at_ms}, [b"three"]),
        (LATEST, {}, []),
    ]
    for kind, where, expected in cases:
        subscription = await world.subscribe(kind, **where)
        assert datas(await anext(subscription)) == expected, kind
        await subscription.aclose()


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        (AT, {}),
        (AFTER, {"sequence_number": "1"}),
        (LATEST, {"sequence_number": "49590338271490256608559692538361571095921575989136588802"}),
        (AT_TIMESTAMP, {}),
        (AT_TIMESTAMP, {"timestamp_ms": 2_000_000_000_000}),
    ],
)
async def test_positions_that_are_refused(world: World, kind: IteratorType, where: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        await world.subscribe(kind, **where)


async def test_what_is_not_there(world: World) -> None:
    with pytest.raises(ResourceNotFound):
        await world.subscribe(consumer="nobody")
    with pytest.raises(ShardNotFound):
        await world.broker.subscribe_to_shard("app", "shardId-000000000009", LATEST, stream="orders")


async def test_idle_events_every_five_seconds_move_on_and_end_after_five_minutes(world: World) -> None:
    await world.put(b"before")
    subscription = await world.subscribe()
    numbers = [(await anext(subscription)).continuation or ""]
    for _ in range(59):
        waiting = await world.pending(subscription)
        await world.advance(4.9)
        assert not waiting.done()
        await world.advance(0.1)
        event = await waiting
        assert datas(event) == []
        numbers.append(event.continuation or "")
    assert sorted(set(numbers), key=int) == numbers
    last = await world.pending(subscription)
    await world.advance(5)
    with pytest.raises(StopAsyncIteration):
        await last
    again = await world.subscribe(AFTER, sequence_number=numbers[-1])
    await anext(again)
    waiting = await world.pending(again)
    await world.put(b"next")
    assert datas(await waiting) == [b"next"]
    await again.aclose()


async def test_its_own_two_mib_a_second_beside_the_shared_budget(world: World) -> None:
    stream = world.broker.catalog.find("orders", world.broker.settings.scope)
    for _ in range(12):
        await world.put(bytes(MIB - 1))
        world.clock.advance(1)
    one = await world.subscribe(TRIM_HORIZON)
    await world.broker.register_consumer("orders", "other")
    other = await world.subscribe(TRIM_HORIZON, "other")
    for subscription in (one, other):
        assert [len(datas(await anext(subscription))) for _ in range(2)] == [1, 1]
        waiting = await world.pending(subscription)
        assert not waiting.done()
        waiting.cancel()
        await subscription.aclose()
    assert stream.shards[0].read_budget.take_call(world.clock.monotonic())
    slow = await world.subscribe(TRIM_HORIZON)
    started, total = world.clock.monotonic(), 0
    while total < 12:
        waiting = await world.pending(slow)
        while not waiting.done():
            await world.advance(0.25)
        event = await waiting
        total += len(datas(event))
        assert (event.result.millis_behind > 0) == (total < 12)
    assert world.clock.monotonic() - started == 5.0
    await slow.aclose()


async def test_a_slow_reader_holds_one_event(world: World) -> None:
    reads: list[int] = []
    read = world.broker.fanout.read

    async def counting(*args: Any) -> Any:
        reads.append(1)
        return await read(*args)

    world.broker.fanout.read = counting
    subscription = await world.subscribe(TRIM_HORIZON)
    await anext(subscription)
    for number in range(20):
        await world.put(b"%d" % number)
    await world.advance(60)
    assert len(reads) == 1
    assert len(datas(await anext(subscription))) == 20
    assert len(reads) == 2
    await subscription.aclose()


async def test_taking_over(world: World) -> None:
    old = await world.subscribe()
    await anext(old)
    waiting = await world.pending(old)
    await world.advance(4.999)
    with pytest.raises(ResourceInUse, match=f"000000000000:orders:{SHARD}:app"):
        await world.subscribe()
    assert not waiting.done()
    await world.advance(0.001)
    new = await world.subscribe()
    assert datas(await waiting) == []  # it was due for an idle event in the same moment
    assert await fails(old, ResourceInUse) == f"Another active subscription exists for this consumer: {old.who}"
    await anext(new)
    waiting = await world.pending(new)
    await world.put(b"one")
    assert datas(await waiting) == [b"one"]
    await new.aclose()


async def test_one_that_has_ended_is_in_nobodys_way(world: World) -> None:
    await (await world.subscribe()).aclose()  # never read
    subscription = await world.subscribe()
    await anext(subscription)
    waiting = await world.pending(subscription)
    waiting.cancel()  # the reader went away while it waited
    await settle()
    assert len(world.broker.fanout) == 0
    stream = world.broker.catalog.find("orders", world.broker.settings.scope)
    assert stream.shards[0]._waiters == []


async def test_the_end_of_the_shard(world: World) -> None:
    [number] = await world.put(b"one")
    at_tip = await world.subscribe()
    await anext(at_tip)
    waiting = await world.pending(at_tip)
    await world.split()
    last = await waiting
    assert (datas(last), last.continuation) == ([], None)
    assert [child.number for child in last.result.child_shards] == [1, 2]
    await ends(at_tip)
    behind = await world.subscribe(TRIM_HORIZON)
    event = await anext(behind)
    assert (datas(event), event.continuation, len(event.result.child_shards)) == ([b"one"], None, 2)
    await ends(behind)
    after = await world.subscribe(AFTER, sequence_number=number)
    assert len((await anext(after)).result.child_shards) == 2
    await ends(after)


async def test_the_consumer_is_removed(world: World) -> None:
    subscription = await world.subscribe()
    await anext(subscription)
    waiting = await world.pending(subscription)
    await world.broker.deregister_consumer("app", "orders")
    with pytest.raises(ResourceNotFound, match="Consumer app under stream"):
        await waiting
    await ends(subscription)


async def test_the_stream_is_deleted(world: World) -> None:
    subscription = await world.subscribe()
    await anext(subscription)
    waiting = await world.pending(subscription)
    await world.broker.delete_stream("orders")
    with pytest.raises(StreamNotFound):
        await waiting
    await ends(subscription)


async def test_the_stream_is_deleted_while_nobody_reads(world: World) -> None:
    subscription = await world.subscribe()
    await world.broker.delete_stream("orders")
    assert "not found" in await fails(subscription, StreamcoreError)


async def test_the_broker_stops(world: World) -> None:
    subscription = await world.subscribe()
    await anext(subscription)
    waiting = await world.pending(subscription)
    world.broker.end_subscriptions()
    with pytest.raises(StopAsyncIteration):
        await waiting
    with pytest.raises(BrokerClosed):
        await world.subscribe()


async def test_expired_records_are_passed_over(world: World) -> None:
    await world.put(b"old")
    world.clock.advance(24 * 3600)
    await world.put(b"new")
    subscription = await world.subscribe(TRIM_HORIZON)
    assert datas(await anext(subscription)) == [b"new"]
    await subscription.aclose()


async def test_counters_and_repr(world: World) -> None:
    subscription = await world.subscribe(TRIM_HORIZON)
    await world.put(b"abc")
    await anext(subscription)
    counters = subscription.consumer.counters
    assert (counters.subscriptions, counters.events, counters.records, counters.bytes) == (1, 1, 1, 4)
    with pytest.raises(ResourceInUse):
        await world.subscribe()
    assert counters.refused == 1
    shown = render(Exposition(world.broker).collect()).decode()
    labels = '{account="000000000000",consumer="app",region="us-east-1",stream="orders"}'
    assert f"streamcore_subscribe_to_shard_event_bytes_total{labels} 4.0" in shown
    assert f"streamcore_subscribe_to_shard_event_behind_seconds{labels} 0.0" in shown
    assert "streamcore_subscriptions 1.0" in shown
    assert repr(subscription) == f"<Subscription 000000000000:orders:{SHARD}:app at 2>"
    assert repr(world.broker.fanout) == "<Fanout 1 subscriptions>"
    await subscription.aclose()
    assert repr(subscription).endswith("over>")
