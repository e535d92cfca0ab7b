"""The trimmer: armed only when something can expire, in small steps, and again after a restart."""

from __future__ import annotations

import asyncio

import pytest
from engine_rig import Rig, failed, full, turns, until

from streamcore.engine import trimmer as trimmer_module
from streamcore.errors import StorageCorrupt
from streamcore.store.base import ShardKey, Table

DAY_S = 86_400


async def put(rig: Rig, *datas: bytes, stream: str = "s") -> None:
    await rig.broker.put_records(stream, ["k"] * len(datas), datas)


async def held(rig: Rig, stream_id: int = 1) -> int:
    """Records in the store, whatever readers see."""
    chunks = await rig.store.read(ShardKey(stream_id, 0), 0, 10**9, 10**9)
    return sum(len(chunk.datas) for chunk in chunks)


def is_armed(rig: Rig) -> bool:
    return rig.broker.trimmer._timer is not None


@pytest.fixture
async def rig(rig: Rig) -> Rig:
    await rig.broker.create_stream("s")
    return rig


async def test_nothing_runs_while_nothing_can_expire(rig: Rig) -> None:
    assert not is_armed(rig)
    rig.clock.advance(10 * DAY_S)
    await rig.broker.save_document("k", "d", b"")
    await turns()
    assert not is_armed(rig)
    assert rig.store.trims == []


async def test_it_comes_as_the_oldest_record_expires(rig: Rig) -> None:
    await put(rig, b"1")
    rig.clock.advance(3600)
    await put(rig, b"2")
    rig.clock.advance(DAY_S - 3601)
    await rig.broker.trimmer.settled()
    assert (rig.store.trims, await held(rig)) == ([], 2)
    rig.clock.advance(1)
    await rig.broker.trimmer.settled()
    assert (len(rig.store.trims), await held(rig)) == (1, 1)
    rig.clock.advance(3600)
    await rig.broker.trimmer.settled()
    assert await held(rig) == 0
    assert not is_armed(rig)


async def test_not_more_often_than_once_a_minute(rig: Rig) -> None:
    for _ in range(30):
        await put(rig, b"x")
        rig.clock.advance(1)
    rig.clock.advance(DAY_S - 30)
    await rig.broker.trimmer.settled()
    trims = len(rig.store.trims)
    for _ in range(59):
        rig.clock.advance(1)
        await rig.broker.trimmer.settled()
    assert len(rig.store.trims) == trims
    rig.clock.advance(1)
    await rig.broker.trimmer.settled()
    assert await held(rig) == 0


async def test_readers_see_nothing_expired_before_it_comes(rig: Rig) -> None:
    await put(rig, b"old")
    rig.clock.advance(30)
    await put(rig, b"young")
    rig.store.gate.clear()
    rig.clock.advance(DAY_S - 30)
    result = await rig.broker.read("s", "shardId-000000000000", 0, max_records=1)
    assert [record.data for record in result.records()] == [b"young"]
    rig.store.gate.set()


async def test_a_reader_of_one_record_steps_over_all_that_expired_at_once(rig: Rig) -> None:
    await put(rig, *[b"old"] * 5000)
    rig.clock.advance(1)
    await put(rig, b"young")
    reads = 0
    inner_read = rig.store.inner.read

    async def counting(*args: int) -> object:
        nonlocal reads
        reads += 1
        return await inner_read(*args)  # type: ignore[arg-type]

    rig.store.inner.read = counting  # type: ignore[method-assign]
    rig.broker.trimmer._disarm()
    rig.clock.advance(DAY_S - 1)
    result = await rig.broker.read("s", "shardId-000000000000", 0, max_records=1)
    assert [record.data for record in result.records()] == [b"young"]
    assert reads == 1


async def test_many_blocks_of_one_moment_go_in_one_run(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimmer_module, "BLOCKS_PER_STEP", 10)
    for _ in range(45):
        await put(rig, b"x")
    rig.clock.advance(DAY_S)
    await rig.broker.trimmer.settled()
    assert await held(rig) == 0
    assert len(rig.store.trims) == 5


async def test_writers_go_on_between_the_steps(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimmer_module, "BLOCKS_PER_STEP", 1)
    for i in range(50):
        await put(rig, b"%d" % i)
    rig.clock.advance(DAY_S)
    for i in range(20):
        await put(rig, b"new %d" % i)
    await rig.broker.trimmer.settled()
    assert await held(rig) == 20
    result = await rig.broker.read("s", "shardId-000000000000", 0)
    records = list(result.records())
    assert [record.data for record in records] == [b"new %d" % i for i in range(20)]
    assert result.chunks[0].first_index == 51  # trimming moves no number


async def test_what_expired_while_it_was_down_goes_at_start(rig: Rig) -> None:
    await put(rig, b"x")
    rig.clock.advance(0.001)
    rig.broker.trimmer._disarm()
    await rig.restart()
    assert is_armed(rig)
    rig.broker.trimmer._disarm()
    rig.clock.advance(DAY_S)
    await rig.restart()
    assert await held(rig) == 0
    assert not is_armed(rig)


async def test_a_deleted_stream_is_reclaimed_in_steps(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimmer_module, "BLOCKS_PER_STEP", 10)
    for _ in range(45):
        await put(rig, b"x")
    await rig.broker.save_checkpoint("s", "c", {"shardId-000000000000": 5})
    await rig.broker.delete_stream("s")
    await rig.broker.trimmer.settled()
    assert await held(rig) == 0
    assert len(rig.store.drops) >= 5
    assert await rig.store.extents() == {}
    for table in (Table.CATALOG, Table.CHECKPOINTS, Table.PRODUCERS):
        assert await rig.store.scan(table) == []
    assert rig.broker.catalog.dropped == set()


async def test_streams_deleted_together_are_all_reclaimed(rig: Rig) -> None:
    names = [f"s{i}" for i in range(8)]
    for name in names:
        await rig.broker.create_stream(name)
        await put(rig, b"x", stream=name)
    await asyncio.gather(*(rig.broker.delete_stream(name) for name in names))
    await rig.broker.trimmer.settled()
    assert await rig.store.extents() == {}
    assert rig.broker.catalog.dropped == set()


async def test_one_deleted_while_another_is_reclaimed_is_reclaimed_too(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trimmer_module, "BLOCKS_PER_STEP", 1)
    await rig.broker.create_stream("t")
    for _ in range(30):
        await put(rig, b"x")
        await put(rig, b"x", stream="t")
    await rig.broker.delete_stream("s")
    await until(lambda: bool(rig.store.drops))
    await rig.broker.delete_stream("t")
    assert await held(rig, 1) > 0
    await rig.broker.trimmer.settled()
    assert await rig.store.extents() == {}


async def test_killed_right_after_the_drop(rig: Rig) -> None:
    await put(rig, b"x")
    await rig.broker.save_checkpoint("s", "c", {"shardId-000000000000": 5})

    def is_dropped() -> bool:
        return any(row.key.startswith(b"d") for batch in rig.store.batches for row in batch.rows)

    rig.store.refuse = lambda batch: failed() if is_dropped() else None
    await rig.broker.delete_stream("s")
    await rig.broker.trimmer.settled()
    assert await rig.store.scan(Table.CHECKPOINTS) != []
    await rig.restart()
    await rig.broker.trimmer.settled()
    for table in (Table.CATALOG, Table.CHECKPOINTS, Table.PRODUCERS):
        assert await rig.store.scan(table) == []


async def test_a_restart_goes_on_reclaiming(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimmer_module, "BLOCKS_PER_STEP", 1)
    for _ in range(20):
        await put(rig, b"x")
    await rig.broker.save_checkpoint("s", "c", {"shardId-000000000000": 5})
    deleting = asyncio.create_task(rig.broker.delete_stream("s"))
    await until(lambda: bool(rig.store.drops))
    assert await held(rig) > 0
    old = rig.broker.trimmer
    await old.close()  # the process dies here
    await rig.restart()
    await rig.broker.trimmer.settled()
    assert await held(rig) == 0
    assert await rig.store.scan(Table.CATALOG) == []
    assert await rig.store.scan(Table.CHECKPOINTS) == []
    await asyncio.gather(deleting, return_exceptions=True)


async def test_a_full_disk_makes_it_come_again(rig: Rig) -> None:
    await put(rig, b"x")
    rig.store.refuse = lambda batch: full() if any(row.value is None for row in batch.rows) else None
    await rig.broker.save_checkpoint("s", "c", {"shardId-000000000000": 5})
    rig.clock.advance(DAY_S)
    await rig.broker.trimmer.settled()
    assert await held(rig) == 0


async def test_a_damaged_shard_does_not_stop_the_others(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    await rig.broker.create_stream("t")
    await put(rig, b"x")
    await put(rig, b"x", stream="t")
    inner_trim = rig.store.inner.trim

    async def trim(shard: ShardKey, horizon_ms: int, max_blocks: int) -> object:
        if shard.stream_id == 1:
            raise StorageCorrupt(first_index=1, shard="shardId-000000000000", path="/volume")
        return await inner_trim(shard, horizon_ms, max_blocks)

    rig.store.inner.trim = trim  # type: ignore[method-assign, assignment]
    rig.clock.advance(DAY_S)
    await rig.broker.trimmer.settled()
    assert (await held(rig, 1), await held(rig, 2)) == (1, 0)
    assert "shardId-000000000000 of stream s is not trimmed" in caplog.text


async def test_closing_in_the_middle_leaves_nothing_running(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimmer_module, "BLOCKS_PER_STEP", 1)
    for _ in range(50):
        await put(rig, b"x")
    rig.clock.advance(DAY_S)
    await turns(1)
    await rig.broker.close()
    assert not is_armed(rig)
    assert rig.broker.trimmer._task is None
