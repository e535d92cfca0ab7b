"""Idempotent producers: a batch that comes again gets its first answer and stores nothing."""

from __future__ import annotations

import asyncio

import pytest
from engine_rig import Rig, full, turns

from streamcore.broker import ProducerBatch
from streamcore.engine import producers as producers_module
from streamcore.errors import InvalidArgument, ProducerBatchTooOld, RecordTooLarge, StorageFull, StreamNotActive
from streamcore.model.limits import PRODUCER_WINDOW
from streamcore.model.put import PutResult
from streamcore.store.base import Table


async def put(rig: Rig, batch: int, *datas: bytes, producer: str = "p") -> PutResult:
    datas = datas or (b"batch %d" % batch,)
    return await rig.broker.put_records("s", ["k"] * len(datas), datas, producer=ProducerBatch(producer, batch))


async def stored(rig: Rig) -> list[bytes]:
    result = await rig.broker.read("s", "shardId-000000000000", 0)
    return [record.data for record in result.records()]


async def rows(rig: Rig) -> int:
    return len(await rig.store.scan(Table.PRODUCERS))


@pytest.fixture
async def rig(rig: Rig) -> Rig:
    await rig.broker.create_stream("s")
    return rig


async def test_a_batch_counts_once(rig: Rig) -> None:
    first = await put(rig, 0, b"a", b"b")
    assert await put(rig, 0, b"a", b"b") == first
    assert await put(rig, 0, b"something else") == first
    assert await stored(rig) == [b"a", b"b"]


async def test_producers_and_streams_have_their_own_numbers(rig: Rig) -> None:
    await rig.broker.create_stream("t")
    for producer in ("p", "pp", "q"):
        await put(rig, 0, producer.encode(), producer=producer)
    await rig.broker.put_records("t", ["k"], [b"t"], producer=ProducerBatch("p", 0))
    assert await stored(rig) == [b"p", b"pp", b"q"]


async def test_a_duplicate_waits_for_the_one_in_flight(rig: Rig) -> None:
    rig.store.gate.clear()
    puts = [asyncio.create_task(put(rig, 7)) for _ in range(5)]
    await turns()
    assert not any(task.done() for task in puts)
    rig.store.gate.set()
    results = await asyncio.gather(*puts)
    assert results == [results[0]] * 5
    assert await stored(rig) == [b"batch 7"]


async def test_a_duplicate_after_a_restart_gets_the_first_answer(rig: Rig) -> None:
    results = [await put(rig, i) for i in range(5)]
    await rig.restart()
    rig.clock.advance(100)
    assert [await put(rig, i) for i in range(5)] == results
    assert len(await stored(rig)) == 5


async def test_one_killed_before_the_commit_is_stored_by_its_retry(rig: Rig) -> None:
    rig.store.gate.clear()
    lost = asyncio.create_task(put(rig, 3))
    await turns()
    await rig.restart()
    with pytest.raises(Exception, match="stopped writing"):
        await lost
    await put(rig, 3)
    assert await stored(rig) == [b"batch 3"]


async def test_power_loss_takes_records_and_answer_together(rig: Rig) -> None:
    first = await put(rig, 0)
    await put(rig, 1)
    await rig.restart(lose=1)
    assert await put(rig, 0) == first
    await put(rig, 1)
    assert await stored(rig) == [b"batch 0", b"batch 1"]


async def test_the_caller_goes_away(rig: Rig) -> None:
    rig.store.gate.clear()
    gone = asyncio.create_task(put(rig, 1))
    await turns()
    gone.cancel()
    again = asyncio.create_task(put(rig, 1))
    await turns()
    rig.store.gate.set()
    assert (await again).count == 1
    assert await stored(rig) == [b"batch 1"]


async def test_a_failed_batch_may_come_again(rig: Rig) -> None:
    rig.store.failures[rig.store.commits + 1] = full()
    puts = await asyncio.gather(*(put(rig, 1) for _ in range(3)), return_exceptions=True)
    # Whoever waited for the failed one tried itself.
    assert [type(result) for result in puts] == [StorageFull, PutResult, PutResult]
    assert await stored(rig) == [b"batch 1"]


async def test_a_failed_batch_does_not_move_the_window(rig: Rig) -> None:
    await put(rig, 5)
    with pytest.raises(RecordTooLarge):
        await put(rig, 5000, bytes(2 * 1024 * 1024))
    await put(rig, 6)
    rig.store.failures[rig.store.commits + 1] = full()
    with pytest.raises(StorageFull):
        await put(rig, 9000)
    await put(rig, 7)
    assert await stored(rig) == [b"batch 5", b"batch 6", b"batch 7"]


@pytest.mark.parametrize("restart", [False, True])
async def test_the_window(rig: Rig, restart: bool) -> None:
    results = [await put(rig, i) for i in range(PRODUCER_WINDOW + 10)]
    assert await rows(rig) == PRODUCER_WINDOW
    if restart:
        await rig.restart()
    with pytest.raises(ProducerBatchTooOld, match=r"Batch 9 of producer p is older than the 64 batches"):
        await put(rig, 9)
    for number in (10, 40, PRODUCER_WINDOW + 9):
        assert await put(rig, number) == results[number]
    assert len(await stored(rig)) == PRODUCER_WINDOW + 10


async def test_numbers_may_be_left_out_and_come_late(rig: Rig) -> None:
    for number in (0, 100, 90, 1000, 950):
        await put(rig, number)
        await put(rig, number)
    with pytest.raises(ProducerBatchTooOld):
        await put(rig, 100 + 1)
    assert len(await stored(rig)) == 5


async def test_answers_expire_with_the_records(rig: Rig) -> None:
    for number in range(3):
        await put(rig, number)
        rig.clock.advance(3600)
    await put(rig, 3)
    rig.clock.advance(86_400 - 3 * 3600 + 1800)
    await rig.broker.trimmer.settled()
    rig.broker.trimmer.start()
    await rig.broker.trimmer.settled()
    assert await rows(rig) == 3
    rig.clock.advance(86_400)
    await rig.broker.trimmer.settled()
    assert await rows(rig) == 0


async def test_they_go_with_their_stream(rig: Rig) -> None:
    await put(rig, 1)
    await rig.broker.delete_stream("s")
    await rig.broker.trimmer.settled()
    assert await rows(rig) == 0
    await rig.broker.create_stream("s")
    await put(rig, 1, b"new")
    assert await stored(rig) == [b"new"]


async def test_forgotten_producers_are_looked_up(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producers_module, "REMEMBERED", 2)
    names = [f"producer-{i}" for i in range(10)]
    first = await asyncio.gather(*(put(rig, 0, name.encode(), producer=name) for name in names))
    again = await asyncio.gather(*(put(rig, 0, name.encode(), producer=name) for name in names))
    assert again == first
    assert await asyncio.gather(*(put(rig, 1, producer=name) for name in names)) != first
    assert len(rig.broker._producers._known) <= 3
    assert len(await stored(rig)) == 20


async def test_one_in_flight_is_not_forgotten(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producers_module, "REMEMBERED", 1)
    rig.store.gate.clear()
    puts = [asyncio.create_task(put(rig, 0, b"%d" % (i % 5), producer=f"p{i % 5}")) for i in range(15)]
    await turns(50)
    rig.store.gate.set()
    await asyncio.gather(*puts)
    assert sorted(await stored(rig)) == [b"0", b"1", b"2", b"3", b"4"]


async def test_an_answer_with_refused_entries_is_final(rig: Rig) -> None:
    await rig.start(limits="enforce")
    first = await put(rig, 0, *[b"x"] * 1500)
    assert first.failed_count == 500
    rig.clock.advance(10)
    assert await put(rig, 0, *[b"x"] * 1500) == first


@pytest.mark.parametrize(
    ("producer", "batch"), [("", 0), ("x" * 65, 0), ("ä" * 33, 0), ("a\0b", 0), ("p", -1), ("p", 2**63)]
)
async def test_bad_names_and_numbers(rig: Rig, producer: str, batch: int) -> None:
    with pytest.raises(InvalidArgument):
        await put(rig, batch, producer=producer)
    assert await stored(rig) == []


async def test_the_largest_name_and_number(rig: Rig) -> None:
    first = await put(rig, 2**63 - 1, producer="ä" * 32)
    await rig.restart()
    assert await put(rig, 2**63 - 1, producer="ä" * 32) == first


async def test_a_put_that_waits_for_a_duplicate_while_its_stream_goes(rig: Rig) -> None:
    rig.store.gate.clear()
    rig.store.refuse = lambda batch: full() if batch.appends else None
    first, duplicate = (asyncio.create_task(put(rig, 0)) for _ in range(2))
    await turns()
    deleting = asyncio.create_task(rig.broker.delete_stream("s"))
    await turns()
    rig.store.gate.set()
    await deleting
    results = await asyncio.gather(first, duplicate, return_exceptions=True)
    assert {type(result) for result in results} <= {StorageFull, StreamNotActive}
