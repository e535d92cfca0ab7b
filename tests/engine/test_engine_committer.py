"""Group commit: who is told what, in which order, and who waits."""

from __future__ import annotations

import asyncio
import logging

import pytest
from engine_rig import FaultyStore, failed, full, turns

from streamcore.clock import ManualClock
from streamcore.engine import committer as committer_module
from streamcore.engine.committer import Committer
from streamcore.engine.shard import Shard
from streamcore.errors import BrokerClosed, StorageFailed, StorageFull
from streamcore.model.record import Chunk
from streamcore.model.stream import uniform_shards
from streamcore.store.base import Row, Table


class Desk:
    """A committer in front of a faulty store, and one shard."""

    def __init__(self) -> None:
        self.store = FaultyStore()
        self.committer = Committer(self.store, ManualClock())
        self.shard = Shard(1, uniform_shards(1, 1)[0], None)

    def put(self, *datas: bytes) -> asyncio.Future[None]:
        chunk = self.shard.stamp([b"k"] * len(datas), list(datas), 1000)
        return self.committer.submit([(self.shard, chunk, chunk.size_bytes)])

    def row(self, key: bytes) -> asyncio.Future[None]:
        return self.committer.submit([], [Row(Table.DOCUMENTS, key, b"")])

    def groups(self) -> list[int]:
        """Writes per commit so far."""
        return [sum(len(append.chunks) for append in batch.appends) + len(batch.rows) for batch in self.store.batches]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def settled(*futures: asyncio.Future[None]) -> list[object]:
    return [None if done is None else type(done) for done in await asyncio.gather(*futures, return_exceptions=True)]


async def test_what_waits_while_a_group_is_written_is_the_next_group(desk: Desk) -> None:
    desk.store.gate.clear()
    first = desk.put(b"a")
    await turns()
    rest = [desk.put(b"%d" % i) for i in range(5)]
    await turns()
    assert (desk.store.commits, desk.shard.committed_index) == (1, 1)
    desk.store.gate.set()
    await asyncio.gather(first, *rest)
    assert desk.groups() == [1, 5]
    assert desk.shard.committed_index == 7
    assert desk.committer.pending_bytes == 0


async def test_the_order_of_calls_is_the_order_in_the_log(desk: Desk) -> None:
    order: list[int] = []
    for i in range(300):
        desk.put(b"%d" % i).add_done_callback(lambda _, i=i: order.append(i))
        if i % 7 == 0:
            await turns(1)
    await desk.put(b"last")
    await turns()
    assert order == list(range(300))
    chunks = await desk.store.read(desk.shard.key, 0, 10**9, 10**9)
    assert [data for chunk in chunks for data in chunk.datas] == [b"%d" % i for i in range(300)] + [b"last"]


async def test_a_group_has_a_bound(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committer_module, "GROUP_MAX_BYTES", 1000)
    sizes = [400, 400, 400, 5000, 1, 999]
    await asyncio.gather(*(desk.put(bytes(size - 1)) for size in sizes))
    assert desk.groups() == [2, 1, 1, 2]  # one too large for any group goes alone


async def test_a_refused_write_fails_none_of_its_neighbours(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.store.refuse = lambda batch: ValueError("bad") if any(row.key == b"bad" for row in batch.rows) else None
    with caplog.at_level(logging.ERROR):
        futures = [desk.put(b"1"), desk.row(b"bad"), desk.put(b"2"), desk.row(b"good")]
        assert await settled(*futures) == [None, ValueError, None, None]
    assert [record.message for record in caplog.records] == ["a write failed"]
    assert await desk.store.scan(Table.DOCUMENTS) == [(b"good", b"")]
    assert desk.shard.committed_index == 3


@pytest.mark.parametrize(("error", "kind"), [(full(), StorageFull), (failed(), StorageFailed)])
async def test_the_volumes_failure_is_everybodys(desk: Desk, error: Exception, kind: type[Exception]) -> None:
    desk.store.failures[1] = error
    futures = [desk.put(b"1"), desk.put(b"2"), desk.row(b"3")]
    assert await settled(*futures) == [kind] * 3
    raised = [future.exception() for future in futures]
    assert len({id(error) for error in raised}) == 3  # one each, or their tracebacks would pile up in one
    assert desk.store.commits == 1
    assert (desk.shard.committed_index, desk.committer.pending_bytes, desk.committer.failures) == (1, 0, 1)


async def test_a_full_disk_is_over_when_there_is_space(desk: Desk) -> None:
    desk.store.failures[1] = full()
    assert await settled(desk.put(b"lost")) == [StorageFull]
    await desk.put(b"kept")
    chunks = await desk.store.read(desk.shard.key, 0, 10, 100)
    assert [(chunk.first_index, chunk.datas) for chunk in chunks] == [(2, [b"kept"])]  # index 1 is never given again
    assert desk.shard.committed_index == 3


async def test_a_cancelled_waiter_takes_nobody_with_it(desk: Desk) -> None:
    desk.store.gate.clear()
    futures = [desk.put(b"%d" % i) for i in range(4)]
    waiters = [asyncio.ensure_future(_await(future)) for future in futures]
    await turns()
    waiters[0].cancel()
    waiters[2].cancel()
    await turns()
    desk.store.gate.set()
    assert await asyncio.gather(*waiters, return_exceptions=True) != []
    assert [waiter.cancelled() for waiter in waiters] == [True, False, True, False]
    assert desk.shard.committed_index == 5  # they were written all the same


async def _await(future: asyncio.Future[None]) -> None:
    await future


async def test_close_writes_what_waits(desk: Desk) -> None:
    desk.store.gate.clear()
    futures = [desk.put(b"%d" % i) for i in range(3)]
    await turns()
    futures += [desk.put(b"late")]
    closing = asyncio.create_task(desk.committer.close())
    await turns()
    with pytest.raises(BrokerClosed):
        desk.put(b"too late")
    assert not closing.done()
    desk.store.gate.set()
    await closing
    assert await settled(*futures) == [None] * 4
    await desk.committer.close()


# ---------------------------------------------------------------- back-pressure


@pytest.fixture
async def crowded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Its queue is at its bound, its store does not write."""
    monkeypatch.setattr(committer_module, "PENDING_MAX_BYTES", 1000)
    desk.store.gate.clear()
    desk.put(bytes(1000))
    return desk


async def put_with_patience(desk: Desk, size: int) -> None:
    await desk.committer.room()
    assert not desk.committer.is_crowded
    await desk.put(bytes(size))


async def test_writers_wait_for_room(crowded: Desk) -> None:
    writers = [asyncio.create_task(put_with_patience(crowded, 600)) for _ in range(10)]
    await turns()
    assert crowded.committer.pending_bytes < 1100
    crowded.store.gate.set()
    await asyncio.gather(*writers)
    assert crowded.committer.pending_bytes == 0


async def test_room_is_given_in_the_order_of_coming(crowded: Desk) -> None:
    order: list[int] = []

    async def writer(number: int) -> None:
        await crowded.committer.room()
        order.append(number)
        await crowded.put(bytes(1000))

    writers = [asyncio.create_task(writer(i)) for i in range(10)]
    await turns()
    crowded.store.gate.set()
    await asyncio.gather(*writers)
    assert order == list(range(10))


async def test_one_that_does_not_write_after_all_passes_its_turn_on(crowded: Desk) -> None:
    async def gives_up() -> None:
        await crowded.committer.room()
        raise ValueError("the stream is gone")

    quitters = [asyncio.create_task(gives_up()) for _ in range(5)]
    await turns()
    writer = asyncio.create_task(put_with_patience(crowded, 1))
    await turns()
    crowded.store.gate.set()
    await asyncio.wait_for(writer, 5)
    await asyncio.gather(*quitters, return_exceptions=True)


async def test_a_cancelled_waiter_for_room_passes_its_turn_on(crowded: Desk) -> None:
    first, second = (asyncio.create_task(put_with_patience(crowded, 1)) for _ in range(2))
    await turns()
    crowded.store.gate.set()
    await crowded.shard.wait(1)
    first.cancel()  # it was woken, and has not run yet
    await asyncio.wait_for(second, 5)
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_close_lets_the_waiting_go(crowded: Desk) -> None:
    writers = [asyncio.create_task(crowded.committer.room()) for _ in range(5)]
    await turns()
    closing = asyncio.create_task(crowded.committer.close())
    await asyncio.gather(*writers)
    crowded.store.gate.set()
    await closing


async def test_repr(crowded: Desk) -> None:
    await turns()
    crowded.put(b"d")
    assert repr(crowded.committer) == "<Committer 1 waiting, 1003 bytes pending>"
    crowded.store.gate.set()
    await crowded.committer.close()


async def test_a_write_of_several_shards_wakes_all_their_readers(desk: Desk) -> None:
    other = Shard(1, uniform_shards(2, 1)[1], None)
    waiting = [asyncio.create_task(shard.wait(1)) for shard in (desk.shard, other)]
    await turns()
    chunks = [(shard, Chunk(1, 1, [b"k"], [b"d"]), 2) for shard in (desk.shard, other)]
    await desk.committer.submit(chunks)
    await asyncio.gather(*waiting)
    assert (other.committed_index, other.counters.incoming_bytes, desk.shard._waiters) == (2, 2, [])
