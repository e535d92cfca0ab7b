"""Long polling, commits that fail, callers that go away: what no client on a clock can show."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from runtime.errors import QueueError
from runtime.model.queue_message import Content
from runtime.model.queue_settings import QueueRecord
from runtime.queues.sending import Outgoing
from runtime.queues.service import Queue, Queues
from streamcore.broker import Broker, start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.errors import StorageFull
from streamcore.store.base import Batch
from streamcore.store.memory import MemoryStore

ACCOUNT = "123456789012"


class Disk(MemoryStore):
    """A store that may be full, and whose commits may be held up."""

    is_full = False

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    async def commit(self, batch: Batch) -> None:
        await self.gate.wait()
        if self.is_full:
            raise StorageFull(path="here", free_bytes=0)
        await super().commit(batch)


class Rig:
    def __init__(self, broker: Broker, queues: Queues, disk: Disk, clock: ManualClock) -> None:
        self.broker, self.queues, self.disk, self.clock = broker, queues, disk, clock

    async def queue(self, name: str = "q", **attributes: str) -> Queue:
        record = QueueRecord(
            id=uuid.uuid4().hex, name=name, account=ACCOUNT, region="r", attributes=attributes,
            created_ms=0, modified_ms=0,
        )  # fmt: skip
        return await self.queues.create(record)

    async def send(self, queue: Queue, body: str, group: str = "", deduplication: str = "") -> str:
        outgoing = Outgoing(content=Content(body), sender=ACCOUNT, group=group, deduplication=deduplication)
        [sent] = await self.queues.send(queue, [outgoing])
        if isinstance(sent, QueueError):
            raise sent
        return sent.message_id

    async def bodies(self, queue: Queue, count: int = 10, wait_ms: int = 0) -> list[str]:
        return [content.body for _, content in await self.queues.receive(queue, count, wait_ms=wait_ms)]


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    clock, disk = ManualClock(), Disk()
    broker = await start_broker(settings(), data=None, clock=clock, store=disk)
    queues = Queues(broker)
    await queues.start()
    yield Rig(broker, queues, disk, clock)
    disk.gate.set()
    await queues.close()
    await broker.close()


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


async def test_a_send_wakes_whoever_has_waited_longest(rig: Rig) -> None:
    queue = await rig.queue()
    first = asyncio.create_task(rig.bodies(queue, wait_ms=20_000))
    await settle()
    second = asyncio.create_task(rig.bodies(queue, wait_ms=20_000))
    await settle()
    await rig.send(queue, "a")
    await settle()
    assert (first.done(), second.done()) == (True, False)
    assert await first == ["a"]
    rig.clock.advance(20)
    assert await second == []
    assert not queue.has_waiters


async def test_a_message_that_comes_back_wakes(rig: Rig) -> None:
    queue = await rig.queue(VisibilityTimeout="5")
    await rig.send(queue, "a")
    assert await rig.bodies(queue) == ["a"]
    waiting = asyncio.create_task(rig.bodies(queue, wait_ms=20_000))
    await settle()
    rig.clock.advance(5)
    assert await waiting == ["a"]


async def test_several_waiters_share_a_batch(rig: Rig) -> None:
    queue = await rig.queue()
    waiting = [asyncio.create_task(rig.bodies(queue, 1, wait_ms=20_000)) for _ in range(3)]
    await settle()
    outgoing = [Outgoing(content=Content(body), sender=ACCOUNT) for body in "abc"]
    await rig.queues.send(queue, outgoing)
    assert sorted(body for bodies in await asyncio.gather(*waiting) for body in bodies) == ["a", "b", "c"]


async def test_who_goes_away_leaves_the_message_to_the_next(rig: Rig) -> None:
    queue = await rig.queue()
    gone = asyncio.create_task(rig.bodies(queue, wait_ms=20_000))
    await settle()
    patient = asyncio.create_task(rig.bodies(queue, wait_ms=20_000))
    await settle()
    queue.state.advance(0)
    sending = asyncio.create_task(rig.send(queue, "a"))
    gone.cancel()
    await sending
    assert await patient == ["a"]
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_a_deleted_queue_ends_the_wait(rig: Rig) -> None:
    queue = await rig.queue()
    waiting = asyncio.create_task(rig.bodies(queue, wait_ms=20_000))
    await settle()
    await rig.queues.delete(queue)
    with pytest.raises(QueueError, match="does not exist"):
        await waiting


async def test_a_stopping_server_ends_the_wait(rig: Rig) -> None:
    queue = await rig.queue()
    waiting = asyncio.create_task(rig.bodies(queue, wait_ms=20_000))
    await settle()
    rig.queues.drain()
    assert await waiting == []


async def test_an_idle_queue_has_no_timers(rig: Rig) -> None:
    queue = await rig.queue()
    await rig.send(queue, "a")
    [(message, _)] = await rig.queues.receive(queue, 1)
    assert repr(rig.queues._visibility) == "<Alarms 0>"
    await rig.queues.delete_messages(queue, [message.number])
    rig.clock.advance(days=5)
    assert repr(rig.queues._retention) == "<Alarms 0>"


async def test_a_full_disk(rig: Rig) -> None:
    queue = await rig.queue("q.fifo", FifoQueue="true")
    rig.disk.is_full = True
    with pytest.raises(StorageFull):
        await rig.send(queue, "a", "g", "d")
    rig.disk.is_full = False
    assert await rig.bodies(queue) == []
    await rig.send(queue, "b", "g", "d")  # the id was not used up
    [(message, _)] = await rig.queues.receive(queue, 1)
    rig.disk.is_full = True
    with pytest.raises(StorageFull):
        await rig.queues.delete_messages(queue, [message.number])
    rig.disk.is_full = False
    assert queue.state.flying == 1
    rig.clock.advance(30)
    assert await rig.bodies(queue) == ["b"]
    assert rig.queues.held == 1


async def test_a_message_is_there_once_it_is_durable(rig: Rig) -> None:
    queue = await rig.queue("q.fifo", FifoQueue="true")
    rig.disk.gate.clear()
    first = asyncio.create_task(rig.send(queue, "a", "g", "d"))
    await settle()
    again = asyncio.create_task(rig.send(queue, "a", "g", "d"))
    await settle()
    assert (await rig.bodies(queue), first.done(), again.done()) == ([], False, False)
    first.cancel()  # whoever sent it goes away; it is on its way
    rig.disk.gate.set()
    assert await again
    assert await rig.bodies(queue) == ["a"]


async def test_dead_letters_on_a_full_disk_stay(rig: Rig) -> None:
    dead = await rig.queue("dead")
    policy = f'{{"deadLetterTargetArn":"{dead.record.arn}","maxReceiveCount":1}}'
    queue = await rig.queue(VisibilityTimeout="1", RedrivePolicy=policy)
    await rig.send(queue, "a")
    assert await rig.bodies(queue) == ["a"]
    rig.clock.advance(1)
    rig.disk.is_full = True
    with pytest.raises(StorageFull):
        await rig.bodies(queue)
    rig.disk.is_full = False
    assert await rig.bodies(queue) == []
    assert await rig.bodies(dead) == ["a"]
    assert rig.queues.held == 1
