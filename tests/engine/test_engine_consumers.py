"""Registering and removing consumers: durable, resumed after a restart, gone with their stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from streamcore.broker import Broker, open_broker, start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.errors import (
    InvalidArgument,
    LimitExceeded,
    ResourceInUse,
    ResourceNotFound,
    StreamNotActive,
    StreamNotFound,
)
from streamcore.model.consumer import ConsumerStatus
from streamcore.store.base import Table
from streamcore.store.memory import MemoryStore

CREATING, ACTIVE, DELETING = ConsumerStatus


async def settle() -> None:
    """Lets everything run that waits for nothing but its turn."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with open_broker(None, clock=ManualClock(), transition_ms=0) as broker:
        await broker.create_stream("orders")
        yield broker


class Slow:
    """A broker whose transitions take a minute, over a store that outlives it."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.clock = ManualClock()
        self.store = store or MemoryStore()

    async def __aenter__(self) -> Slow:
        self.broker = await start_broker(settings(transition_ms=60_000), data=None, clock=self.clock, store=self.store)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.broker.close()

    async def minute(self) -> None:
        await settle()
        self.clock.advance(60)
        await settle()

    def statuses(self) -> dict[str, ConsumerStatus]:
        return {each.name: each.status for each in self.broker.list_consumers("orders")}


async def test_by_name_and_by_arn(broker: Broker) -> None:
    info = await broker.register_consumer("orders", "app", tags={"a": "1"})
    assert (info.status, info.tags) == (ACTIVE, {"a": "1"})
    assert broker.describe_consumer("app", "orders") == broker.describe_consumer(info.arn) == info
    await broker.deregister_consumer(info.arn)
    assert broker.list_consumers("orders") == []
    with pytest.raises(ResourceNotFound):
        broker.describe_consumer("app", "orders")
    with pytest.raises(InvalidArgument):
        broker.describe_consumer("app")


async def test_an_arn_is_of_one_incarnation(broker: Broker) -> None:
    first = await broker.register_consumer("orders", "app")
    await broker.deregister_consumer(first.arn)
    broker.clock.advance(1)  # type: ignore[attr-defined]
    second = await broker.register_consumer("orders", "app")
    assert broker.describe_consumer(second.arn) == second
    with pytest.raises(ResourceNotFound):
        broker.describe_consumer(first.arn)


async def test_states_take_their_time() -> None:
    async with Slow() as slow:
        creating = asyncio.create_task(slow.broker.create_stream("orders"))
        await slow.minute()
        await creating
        registered = await slow.broker.register_consumer("orders", "app", wait=False)
        assert registered.status is CREATING
        with pytest.raises(ResourceInUse):
            await slow.broker.register_consumer("orders", "app", wait=False)
        await slow.minute()
        assert slow.statuses() == {"app": ACTIVE}
        await slow.broker.deregister_consumer("app", "orders", wait=False)
        assert slow.statuses() == {"app": DELETING}
        await slow.minute()
        assert slow.statuses() == {}


async def test_five_at_once_and_twenty_in_all() -> None:
    async with Slow() as slow:
        creating = asyncio.create_task(slow.broker.create_stream("orders"))
        await slow.minute()
        await creating
        for batch in range(4):
            for number in range(5):
                await slow.broker.register_consumer("orders", f"c{batch}{number}", wait=False)
            with pytest.raises(LimitExceeded):
                await slow.broker.register_consumer("orders", "more", wait=False)
            await slow.minute()
        with pytest.raises(LimitExceeded):
            await slow.broker.register_consumer("orders", "more", wait=False)
        await slow.broker.register_consumer("orders", "more", on_demand_advantage=True, wait=False)


async def test_a_restart_ends_what_was_begun() -> None:
    async with Slow() as slow:
        creating = asyncio.create_task(slow.broker.create_stream("orders"))
        await slow.minute()
        await creating
        for name in ("kept", "removed"):
            await slow.broker.register_consumer("orders", name, tags={"name": name}, wait=False)
        await slow.minute()
        await slow.broker.register_consumer("orders", "begun", wait=False)
        await slow.broker.deregister_consumer("removed", "orders", wait=False)
    async with Slow(slow.store.reopened()) as again:
        assert again.statuses() == {"begun": CREATING, "kept": ACTIVE, "removed": DELETING}
        assert again.broker.describe_consumer("kept", "orders").tags == {"name": "kept"}
        await again.minute()
        assert again.statuses() == {"begun": ACTIVE, "kept": ACTIVE}


async def test_consumers_go_with_their_stream(broker: Broker) -> None:
    info = await broker.register_consumer("orders", "app")
    with pytest.raises(ResourceInUse, match="EnforceConsumerDeletion"):
        await broker.delete_stream("orders", enforce_consumer_deletion=False)
    await broker.delete_stream("orders")
    with pytest.raises(StreamNotFound):
        broker.describe_consumer(info.arn)
    assert await broker._store.scan(Table.CATALOG, b"c") == []
    await broker.create_stream("orders")
    assert broker.list_consumers("orders") == []


async def test_a_consumer_that_becomes_active_does_not_outlive_its_stream() -> None:
    async with Slow() as slow:
        creating = asyncio.create_task(slow.broker.create_stream("orders"))
        await slow.minute()
        await creating
        await slow.broker.register_consumer("orders", "app", wait=False)
        await slow.broker.delete_stream("orders", wait=False)
        with pytest.raises(StreamNotActive):
            await slow.broker.register_consumer("orders", "late", wait=False)
        await slow.minute()
        await slow.minute()
        assert await slow.store.scan(Table.CATALOG, b"c") == []


async def test_a_caller_who_goes_away_leaves_nothing_half_done() -> None:
    async with Slow() as slow:
        creating = asyncio.create_task(slow.broker.create_stream("orders"))
        await slow.minute()
        await creating
        registering = asyncio.create_task(slow.broker.register_consumer("orders", "app"))
        await asyncio.sleep(0)
        registering.cancel()
        await slow.minute()
        assert slow.statuses() == {"app": ACTIVE}


async def test_tags_change_durably(broker: Broker) -> None:
    info = await broker.register_consumer("orders", "app", tags={"a": "1"})
    await broker.tag_consumer(info.arn, add={"b": "2"}, remove=["a"])
    assert broker.describe_consumer("app", "orders").tags == {"b": "2"}
    await asyncio.gather(*(broker.tag_consumer("app", "orders", add={str(number): ""}) for number in range(5)))
    assert len(broker.describe_consumer("app", "orders").tags) == 6
    assert len(await broker._store.scan(Table.CATALOG, b"c")) == 1
