"""Resharding with records going in and out, through full disks, kills and the end of retention."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from functools import partial
from pathlib import Path

import pytest

from streamcore.broker import Broker, open_broker, start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.engine import committer
from streamcore.errors import BrokerClosed, ShardNotFound, StorageFull, StreamNotFound
from streamcore.model import control
from streamcore.model.reshard import first_key, middle, split_shard
from streamcore.model.stream import ShardInfo, StreamStatus
from streamcore.store.base import Batch, Table
from streamcore.store.memory import MemoryStore

DAY_S = 24 * 3600


def options(**more: object) -> dict[str, object]:
    return {"clock": ManualClock(), "transition_ms": 0, "limits": "off", **more}


async def read_all(broker: Broker, name: str, shard: ShardInfo) -> list[tuple[str, bytes, int]]:
    """(key, data, sequence number) of a shard, from its beginning to its tip."""
    found: list[tuple[str, bytes, int]] = []
    index: int | None = 0
    while index is not None:
        result = await broker.read(name, shard.shard_id, index)
        found += [(r.partition_key, r.data, int(r.sequence_number)) for r in result.records()]
        if result.next_index == index or (result.next_index is not None and not result.chunks):
            break
        index = result.next_index
    return found


def lineage_order(shards: tuple[ShardInfo, ...]) -> list[ShardInfo]:
    """Parents before children: numbers grow along the lineage."""
    return sorted(shards, key=lambda shard: shard.number)


@pytest.mark.parametrize("on_disk", [False, True], ids=["memory", "lmdb"])
@pytest.mark.parametrize("producers", [False, True], ids=["plain", "idempotent"])
async def test_nothing_is_lost_while_shards_split_and_merge(tmp_path: Path, on_disk: bool, producers: bool) -> None:
    """Writers put while shards change under them: every acknowledged record is there once, in the shard it was
    acknowledged for, and the records of a key are in order from parent to child."""
    rng = random.Random(7)
    acknowledged: dict[str, list[tuple[bytes, str, int]]] = defaultdict(list)
    async with open_broker(tmp_path if on_disk else None, transition_ms=0, limits="off") as broker:
        await broker.create_stream("s", shards=2)
        stopped = False

        async def write(writer: int) -> None:
            number = 0
            while not stopped:
                keys = [f"{writer}-{number % 5}", f"{writer}-x"]
                datas = [b"%d" % number, b"%d" % number]
                batch = (f"p{writer}", number) if producers else None
                result = await broker.put_records("s", keys, datas, producer=batch and _batch(*batch))
                for run in result.runs:
                    for position, sequence in zip(run.positions, run.sequences(), strict=True):
                        acknowledged[keys[position]].append((datas[position], run.shard_id, int(sequence)))
                number += 1

        writers = [asyncio.ensure_future(write(number)) for number in range(8)]
        for _ in range(30):
            ordered = sorted(broker.describe_stream("s").open_shards, key=first_key)
            at = rng.randrange(len(ordered))
            if len(ordered) > 1 and rng.random() < 0.45:
                at = min(at, len(ordered) - 2)
                await broker.merge_shards("s", ordered[at].shard_id, ordered[at + 1].shard_id)
            else:
                await broker.split_shard("s", ordered[at].shard_id, str(middle(ordered[at])))
        stopped = True
        await asyncio.gather(*writers)
        info = broker.describe_stream("s")
        found: dict[str, list[tuple[bytes, str, int]]] = defaultdict(list)
        for shard in lineage_order(info.shards):
            for key, data, sequence in await read_all(broker, "s", shard):
                found[key].append((data, shard.shard_id, sequence))
    assert len(info.shards) > 40
    assert found == acknowledged
    for records in found.values():
        numbers = [int(data) for data, _, _ in records]
        assert numbers == sorted(numbers)
        assert [s for _, _, s in records] == sorted({s for _, _, s in records})


def _batch(producer: str, number: int) -> object:
    from streamcore import ProducerBatch

    return ProducerBatch(producer, number)


class GatedStore(MemoryStore):
    """A store whose commits wait until they are let through, and fail when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()
        self.error: Exception | None = None
        self.batches: list[Batch] = []

    async def commit(self, batch: Batch) -> None:
        await self.open.wait()
        if self.error is not None:
            raise self.error
        self.batches.append(batch)
        await super().commit(batch)


async def gated() -> tuple[Broker, GatedStore]:
    store = GatedStore()
    broker = await start_broker(settings(transition_ms=0, limits="off"), data=None, clock=ManualClock(), store=store)
    await broker.create_stream("s")
    return broker, store


async def turns(count: int = 30) -> None:
    """Lets everything run that can."""
    for _ in range(count):
        await asyncio.sleep(0)


class TestTheClose:
    async def test_what_was_numbered_before_is_in_the_parent_and_what_comes_after_in_the_children(self) -> None:
        broker, store = await gated()
        store.open.clear()
        before = asyncio.ensure_future(broker.put_record("s", "k", b"before"))
        await turns()
        splitting = asyncio.ensure_future(broker.split_shard("s", "0", str(2**127)))
        await turns()
        after = asyncio.ensure_future(broker.put_record("s", "k", b"after"))
        once = asyncio.ensure_future(broker.put_records("s", ["k"], [b"once"], producer=_batch("p", 1)))
        many = asyncio.ensure_future(broker.put_records("s", ["k", "l"], [b"1", b"2"]))
        await turns()
        assert not any(task.done() for task in (before, splitting, after, once, many))
        store.open.set()
        await asyncio.gather(before, splitting, after, once, many)
        assert before.result().shard_id == "shardId-000000000000"
        assert after.result().shard_id != "shardId-000000000000"
        parent = broker.describe_stream("s").shards[0]
        assert [data for _, data, _ in await read_all(broker, "s", parent)] == [b"before"]
        assert all(run.shard_number > 0 for put in (once, many) for run in put.result().runs)
        await broker.close()

    async def test_puts_that_wait_for_room_go_to_the_children_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(committer, "PENDING_MAX_BYTES", 10)
        broker, store = await gated()
        store.open.clear()
        full = asyncio.ensure_future(broker.put_record("s", "k", bytes(20)))
        await turns()
        splitting = asyncio.ensure_future(broker.split_shard("s", "0", str(2**127)))
        waiting = [asyncio.ensure_future(broker.put_record("s", "k", b"%d" % n)) for n in range(5)]
        await turns()
        store.open.set()
        await asyncio.gather(full, splitting, *waiting)
        assert {run.result().shard_number for run in waiting}.isdisjoint({0})
        await broker.close()

    async def test_waiters_at_the_tail_are_woken_and_find_the_end(self) -> None:
        async with open_broker(None, **options()) as broker:
            await broker.create_stream("s")
            await broker.put_record("s", "k", b"x")
            waiter = asyncio.ensure_future(broker.wait("s", "0", 2))
            await turns()
            assert not waiter.done()
            await broker.split_shard("s", "0", str(2**127))
            await waiter
            result = await broker.read("s", "0", 0)
            assert (result.next_index, result.millis_behind) == (None, 0)
            assert [child.number for child in result.child_shards] == [1, 2]

    async def test_the_parent_ends_after_its_records_also_when_the_clock_was_set_back(self) -> None:
        clock = ManualClock()
        async with open_broker(None, **options(clock=clock)) as broker:
            await broker.create_stream("s")
            clock.advance(3600)
            last = await broker.put_record("s", "k", b"x")
            clock._now_us -= 1800 * 1_000_000
            await broker.split_shard("s", "0", str(2**127))
            parent, child, _ = broker.describe_stream("s").shards
            assert parent.closed_ms == last.arrival_ms
            assert last.first_sequence < int(parent.ending_sequence or 0) < int(child.starting_sequence)
            assert (await broker.put_record("s", "k", b"y")).first_sequence > last.first_sequence

    async def test_a_close_that_fails_leaves_the_parent_open(self) -> None:
        broker, store = await gated()
        store.error = StorageFull(path="x")
        with pytest.raises(StorageFull):
            await broker.split_shard("s", "0", str(2**127))
        store.error = None
        assert (await broker.put_record("s", "k", b"x")).shard_number == 0
        assert (len(broker.describe_stream("s").shards), broker.open_shards(broker.settings.scope)) == (1, 1)
        await broker.split_shard("s", "0", str(2**127))
        await broker.close()

    async def test_nothing_follows_a_close_into_the_parent_while_the_broker_stops(self) -> None:
        """The close is in the queue when the broker is closed: puts that wait for it are refused, not sent after it."""
        broker, store = await gated()
        store.open.clear()
        splitting = asyncio.ensure_future(broker.split_shard("s", "0", str(2**127)))
        await turns()
        put = asyncio.ensure_future(broker.put_record("s", "k", b"x"))
        await turns()
        closing = asyncio.ensure_future(broker.close())
        await turns()
        store.open.set()
        await closing
        with pytest.raises(BrokerClosed):
            await put
        with pytest.raises(BrokerClosed):
            await splitting
        assert not any(batch.appends for batch in store.batches)

    async def test_a_stream_that_was_deleted_meanwhile(self) -> None:
        async with open_broker(None, **options()) as broker:
            await broker.create_stream("s")
            stream = broker.catalog.find("s", broker.settings.scope)
            async with stream.changing:
                splitting = asyncio.ensure_future(broker.split_shard("s", "0", str(2**127)))
                await turns()
                await broker.catalog.drop(stream)
            with pytest.raises(StreamNotFound):
                await splitting

    async def test_two_changes_of_one_stream_are_serial(self) -> None:
        async with open_broker(None, **options()) as broker:
            await broker.create_stream("s")
            tags = [broker.change_stream("s", partial(control.add_tags, tags={f"k{n}": ""})) for n in range(20)]
            await asyncio.gather(*tags, broker.split_shard("s", "0", str(2**127)))
            info = broker.describe_stream("s")
            assert (len(info.tags), len(info.shards), info.status) == (20, 3, StreamStatus.ACTIVE)


class TestUpdating:
    async def test_it_lasts_for_the_setting_and_records_go_on(self) -> None:
        clock = ManualClock()
        async with open_broker(None, **options(clock=clock, transition_ms=60_000)) as broker:
            creating = asyncio.ensure_future(broker.create_stream("s"))
            await turns()
            clock.advance(60)
            await creating
            assert (await broker.split_shard("s", "0", "5", wait=False)).status is StreamStatus.UPDATING
            assert (await broker.put_record("s", "k", b"x")).shard_number == 2
            assert (await broker.read("s", "2", 0)).record_count == 1
            clock.advance(59.9)
            await turns()
            assert broker.describe_stream("s").status is StreamStatus.UPDATING
            clock.advance(0.1)
            await turns()
            assert broker.describe_stream("s").status is StreamStatus.ACTIVE

    async def test_a_restart_ends_it(self, tmp_path: Path) -> None:
        clock = ManualClock()
        async with open_broker(tmp_path, **options(clock=clock)) as broker:
            await broker.create_stream("s")
            await broker.put_record("s", "k", b"x")
            stream = broker.catalog.find("s", broker.settings.scope)
            await broker.resharding.apply(stream, partial(split_shard, shard=0, new_starting_hash_key=5))
        async with open_broker(tmp_path, **options(clock=clock)) as broker:
            await asyncio.gather(*broker._background)
            info = broker.describe_stream("s")
            assert [shard.is_open for shard in info.shards] == [False, True, True]
            assert (await broker.read("s", "0", 0)).record_count == 1
            assert (await broker.put_record("s", "k", b"y")).shard_number == 2


class TestRetention:
    async def test_closed_shards_leave_when_their_records_have_expired(self, tmp_path: Path) -> None:
        clock = ManualClock()
        async with open_broker(tmp_path, **options(clock=clock)) as broker:
            await broker.create_stream("s")
            await broker.put_record("s", "k", b"old")
            clock.advance(10)
            await broker.split_shard("s", "0", str(2**127))
            await broker.save_checkpoint("s", "reader", {"0": 2, "1": 0, "2": 5})
            clock.advance(DAY_S - 10)
            await broker.put_record("s", "k", b"new")
            await broker.trimmer.settled()
            assert len(broker.describe_stream("s").shards) == 3  # its last second is not over
            clock.advance(100)
            await broker.trimmer.settled()
            assert [shard.number for shard in broker.describe_stream("s").shards] == [1, 2]
            with pytest.raises(ShardNotFound):
                await broker.read("s", "0", 0)
            await broker.save_checkpoint("s", "reader", {"0": 3, "1": 1})  # a batch of it was handled at last
            kept = {"shardId-000000000000": 2, "shardId-000000000001": 1, "shardId-000000000002": 5}
            assert await broker.checkpoints("s", "reader") == kept
            with pytest.raises(ShardNotFound):
                await broker.save_checkpoint("s", "reader", {"3": 1})
        async with open_broker(tmp_path, **options(clock=clock)) as broker:
            info = broker.describe_stream("s")
            assert [(shard.number, shard.parent) for shard in info.shards] == [(1, 0), (2, 0)]
            newer = await broker.put_record("s", "k", b"newer")
            assert newer.first_index == 2
            child = next(shard for shard in info.shards if shard.number == newer.shard_number)
            await broker.split_shard("s", child.shard_id, str(middle(child)))
            assert [shard.number for shard in broker.describe_stream("s").shards] == [1, 2, 3, 4]

    async def test_closed_shards_without_records_leave_too(self) -> None:
        clock = ManualClock()
        async with open_broker(None, **options(clock=clock)) as broker:
            await broker.create_stream("s")
            await broker.split_shard("s", "0", str(2**127))
            clock.advance(DAY_S + 60)
            await broker.trimmer.settled()
            assert [shard.number for shard in broker.describe_stream("s").shards] == [1, 2]

    async def test_a_decrease_hides_at_once_and_an_increase_brings_nothing_back(self) -> None:
        clock = ManualClock()
        async with open_broker(None, **options(clock=clock)) as broker:
            await broker.create_stream("s", retention_hours=48)
            await broker.put_record("s", "k", b"old")
            clock.advance(30 * 3600)
            await broker.put_record("s", "k", b"new")
            stream = broker.catalog.find("s", broker.settings.scope)
            broker.trimmer._task = asyncio.ensure_future(asyncio.Event().wait())  # the trimmer does not come
            await broker.change_stream("s", partial(control.decrease_retention, hours=24))
            assert await datas(broker) == [b"new"]
            await broker.change_stream("s", partial(control.increase_retention, hours=100))
            assert await datas(broker) == [b"new"]
            assert stream.info.horizon_ms(clock.now_ms()) == clock.now_ms() - DAY_S * 1000
            broker.trimmer._task.cancel()
            broker.trimmer._task = None
            broker.trimmer.start()
            await broker.trimmer.settled()
            assert await datas(broker) == [b"new"]

    async def test_a_decrease_starts_the_trimmer(self) -> None:
        clock = ManualClock()
        store = MemoryStore()
        broker = await start_broker(settings(transition_ms=0), data=None, clock=clock, store=store)
        await broker.create_stream("s", retention_hours=48)
        await broker.put_record("s", "k", b"old")
        clock.advance(30 * 3600)
        await broker.change_stream("s", partial(control.decrease_retention, hours=24))
        await broker.trimmer.settled()
        assert all(extent.is_empty for extent in (await store.extents()).values())
        await broker.close()


async def datas(broker: Broker) -> list[bytes]:
    return [record.data for record in (await broker.read("s", "0", 0)).records()]


async def test_the_quota_counts_what_is_being_made() -> None:
    broker, store = await gated()
    await broker.create_stream("t")
    store.open.clear()
    rule = partial(split_shard, shard=0, new_starting_hash_key=2**127)
    splitting = [asyncio.ensure_future(broker.change_stream(name, rule, shard_quota=3)) for name in "st"]
    await turns()
    assert broker.open_shards(broker.settings.scope) == 3
    store.open.set()
    results = await asyncio.gather(*splitting, return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["Changed", "LimitExceeded"]
    assert broker.open_shards(broker.settings.scope) == 3
    await broker.close()


async def test_account_settings_survive_a_restart(tmp_path: Path) -> None:
    clock = ManualClock()
    async with open_broker(tmp_path, **options(clock=clock)) as broker:
        scope = broker.settings.scope
        made = await broker.commit_to_throughput(scope, True)
        assert "1" in repr(broker.accounts)
    async with open_broker(tmp_path, **options(clock=clock)) as broker:
        assert broker.commitment(scope) == made
        assert made.is_in_force(clock.now_ms())
        rows = await broker._store.scan(Table.CATALOG, b"a")
        assert [key for key, _ in rows] == [b"a000000000000/us-east-1"]
