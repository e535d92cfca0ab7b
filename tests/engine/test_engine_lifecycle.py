"""Streams coming and going: restarts in the middle, races between callers, callers that go away, waiting readers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from engine_rig import Rig, failed, full, turns

from streamcore.engine import committer as committer_module
from streamcore.errors import (
    BrokerClosed,
    InvalidArgument,
    ShardNotFound,
    StorageFailed,
    StorageFull,
    StreamcoreError,
    StreamExists,
    StreamNotActive,
    StreamNotFound,
    ThroughputExceeded,
)
from streamcore.model.iterator import IteratorType
from streamcore.model.limits import MIB
from streamcore.model.stream import LimitMode, StreamStatus
from streamcore.store.base import Table

SHARD = "shardId-000000000000"


def statuses(rig: Rig) -> dict[str, str]:
    return {info.name: info.status.value for info in rig.broker.list_streams()}


async def data_of(rig: Rig, name: str = "s") -> list[bytes]:
    return [record.data for record in (await rig.broker.read(name, SHARD, 0)).records()]


async def put(rig: Rig, data: bytes = b"x", name: str = "s") -> Any:
    return await rig.broker.put_record(name, "k", data)


# ---------------------------------------------------------------- coming and going


async def test_creating_then_active(rig: Rig) -> None:
    rig = await slowly(rig)
    info = await rig.broker.create_stream("s", wait=False)
    assert info.status is StreamStatus.CREATING
    with pytest.raises(StreamNotActive, match="not ACTIVE, instead in state CREATING"):
        await put(rig)
    with pytest.raises(StreamExists):
        await rig.broker.create_stream("s")
    await turns()
    rig.clock.advance(1)
    await turns()
    assert statuses(rig) == {"s": "ACTIVE"}
    await put(rig)


async def slowly(rig: Rig) -> Rig:
    """Streams are a second in each state between."""
    await rig.restart(transition_ms=1000)
    return rig


@pytest.mark.parametrize("state", ["CREATING", "DELETING"])
async def test_a_restart_in_the_middle_ends_it(rig: Rig, state: str) -> None:
    await slowly(rig)
    creating = rig.broker.create_stream("s", wait=False)
    await rig.finish(creating)
    if state == "DELETING":
        await turns()
        rig.clock.advance(1)
        await turns()
        await rig.broker.delete_stream("s", wait=False)
    assert statuses(rig) == {"s": state}
    await rig.restart()
    assert statuses(rig) == {"s": state}
    await turns()
    rig.clock.advance(1)
    await turns()
    assert statuses(rig) == ({"s": "ACTIVE"} if state == "CREATING" else {})


async def test_ids_are_never_given_twice(rig: Rig) -> None:
    seen = set()
    for _ in range(3):
        for name in ("s", "t"):
            seen.add((await rig.broker.create_stream(name)).stream_id)
        await rig.broker.delete_stream("t")
        await rig.restart()
        await rig.broker.delete_stream("s")
        await rig.restart()
    assert len(seen) == 6


async def test_a_new_stream_of_the_name_has_nothing_of_the_old_one(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    await put(rig, b"old")
    await rig.broker.save_checkpoint("s", "c", {SHARD: 2})
    token = await rig.broker.issue_iterator("s", SHARD, 0)
    await rig.broker.delete_stream("s")
    await rig.broker.create_stream("s")
    assert await data_of(rig) == []
    assert await rig.broker.checkpoints("s", "c") == {}
    with pytest.raises(StreamcoreError, match="does not exist any more"):
        await rig.broker.get_records(token)


@pytest.mark.parametrize("state", ["reserved", "CREATING", "ACTIVE"])
async def test_deletes_at_once_are_one(rig: Rig, state: str) -> None:
    await slowly(rig)
    if state == "reserved":
        rig.store.gate.clear()
    creating = asyncio.create_task(rig.broker.create_stream("s", wait=state == "ACTIVE"))
    await turns()
    if state == "ACTIVE":
        rig.clock.advance(1)
        await creating
    deletes = [asyncio.create_task(rig.broker.delete_stream("s")) for _ in range(3)]
    await turns()
    rig.store.gate.set()
    await rig.finish(asyncio.gather(*deletes), step_s=0.25)
    await asyncio.gather(creating, return_exceptions=True)
    assert statuses(rig) == {}
    # A new one of that name is not hit by what is left of them.
    await rig.finish(rig.broker.create_stream("s"), step_s=0.25)
    await turns()
    rig.clock.advance(10)
    await turns()
    assert statuses(rig) == {"s": "ACTIVE"}
    await put(rig, b"new")
    await rig.restart()
    assert statuses(rig) == {"s": "ACTIVE"}
    assert await data_of(rig) == [b"new"]


async def test_a_late_second_delete_does_not_hit_the_new_stream_of_that_name(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    rig.store.gate.clear()
    first = asyncio.create_task(rig.broker.delete_stream("s"))
    await turns()
    second = asyncio.create_task(rig.broker.delete_stream("s"))  # the first one's mark is being written
    await turns()
    rig.store.gate.set()
    await first
    await rig.broker.create_stream("s")
    await second
    assert statuses(rig) == {"s": "ACTIVE"}
    await put(rig, b"new")


async def test_a_delete_while_creation_ends(rig: Rig) -> None:
    # The delete is being written when CREATING is over.
    await slowly(rig)
    await rig.broker.create_stream("s", wait=False)
    await turns()
    rig.store.gate.clear()
    deleting = asyncio.create_task(rig.broker.delete_stream("s"))
    await turns()
    rig.clock.advance(1)
    await turns()
    rig.store.gate.set()
    await rig.finish(deleting, step_s=0.5)
    assert statuses(rig) == {}
    await rig.restart()
    assert statuses(rig) == {}


async def test_puts_and_a_delete(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    rig.store.gate.clear()
    before = [asyncio.create_task(put(rig)) for _ in range(3)]
    await turns()
    deleting = asyncio.create_task(rig.broker.delete_stream("s"))
    await turns()
    rig.store.gate.set()
    results = await asyncio.gather(*before, return_exceptions=True)
    assert [type(result) for result in results] == [type(results[0])] * 3
    await deleting
    with pytest.raises(StreamNotFound):
        await put(rig)
    await rig.broker.trimmer.settled()
    assert await rig.store.extents() == {}


async def test_a_put_that_waits_for_room_while_its_stream_goes(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.broker.create_stream("s")
    monkeypatch.setattr(committer_module, "PENDING_MAX_BYTES", 100)
    rig.store.gate.clear()
    first = asyncio.create_task(put(rig, bytes(200)))
    await turns()
    deleting = asyncio.create_task(rig.broker.delete_stream("s"))
    await turns()
    late = [asyncio.create_task(put(rig, b"late")) for _ in range(3)]
    await turns()
    rig.store.gate.set()
    await asyncio.gather(first, deleting)
    for task in late:
        with pytest.raises(StreamNotActive):
            await task
    await rig.broker.trimmer.settled()
    assert await rig.store.extents() == {}


# ---------------------------------------------------------------- callers that go away


@pytest.mark.parametrize("wait", [False, True])
async def test_a_creation_whose_caller_goes_away_ends(rig: Rig, wait: bool) -> None:
    rig.store.gate.clear()
    creating = asyncio.create_task(rig.broker.create_stream("s", wait=wait))
    await turns()
    creating.cancel()
    await turns()
    rig.store.gate.set()
    await turns()
    assert statuses(rig) == {"s": "ACTIVE"}


async def test_a_deletion_whose_caller_goes_away_ends(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    rig.store.gate.clear()
    deleting = asyncio.create_task(rig.broker.delete_stream("s"))
    await turns()
    deleting.cancel()
    await turns()
    rig.store.gate.set()
    await turns()
    assert statuses(rig) == {}


async def test_a_put_whose_caller_goes_away(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    rig.store.gate.clear()
    gone, stays = asyncio.create_task(put(rig, b"1")), asyncio.create_task(put(rig, b"2"))
    await turns()
    gone.cancel()
    await turns()
    rig.store.gate.set()
    await stays
    assert await data_of(rig) == [b"1", b"2"]


# ---------------------------------------------------------------- faults of the volume


async def test_a_full_disk_refuses_puts_then_takes_them(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    await put(rig, b"before")
    rig.store.failures = {rig.store.commits + n: full() for n in (1, 2)}
    for _ in range(2):
        with pytest.raises(StorageFull):
            await put(rig, b"lost")
        assert await data_of(rig) == [b"before"]
    await put(rig, b"after")
    assert await data_of(rig) == [b"before", b"after"]
    await rig.restart()
    assert await data_of(rig) == [b"before", b"after"]


async def test_sequence_numbers_rise_over_failures_and_restarts(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    numbers = []
    for i in range(12):
        if i % 4 == 2:
            rig.store.failures[rig.store.commits + 1] = full()
        try:
            numbers.append((await put(rig)).first_sequence)
        except StorageFull:
            pass
        if i % 3 == 0:
            await rig.restart()
    assert len(numbers) == 9
    assert numbers == sorted(set(numbers))


async def test_a_creation_that_the_disk_refuses_leaves_the_name_free(rig: Rig) -> None:
    rig.store.failures[rig.store.commits + 1] = full()
    with pytest.raises(StorageFull):
        await rig.broker.create_stream("s")
    assert statuses(rig) == {}
    await rig.broker.create_stream("s")
    await rig.restart()
    assert statuses(rig) == {"s": "ACTIVE"}


@pytest.mark.parametrize("step", [2, 3, 4])
async def test_a_change_that_the_disk_stopped_ends_when_there_is_space(rig: Rig, step: int) -> None:
    start = rig.store.commits
    rig.store.failures[start + step] = full()  # 2: CREATING to ACTIVE, 3: to DELETING, 4: the drop
    await rig.finish(rig.broker.create_stream("s"), step_s=1)
    assert statuses(rig) == {"s": "ACTIVE"}
    try:
        await rig.finish(rig.broker.delete_stream("s"), step_s=1)
    except StorageFull:
        assert step == 3
        assert statuses(rig) == {"s": "ACTIVE"}
        await rig.broker.delete_stream("s")
    assert statuses(rig) == {}


async def test_a_failed_sync_stops_writing_not_reading(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    await put(rig, b"before")
    rig.store.failures[rig.store.commits + 1] = failed()
    puts = await asyncio.gather(*(put(rig, b"lost") for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in puts] == [StorageFailed] * 3
    for work in (put(rig), rig.broker.create_stream("t"), rig.broker.save_document("k", "d", b"")):
        with pytest.raises(StorageFailed):
            await work
    assert rig.broker.unready_reason() == "Input/output error"
    assert await data_of(rig) == [b"before"]
    await rig.restart()
    assert rig.broker.unready_reason() is None
    await put(rig, b"after")
    assert await data_of(rig) == [b"before", b"after"]


async def test_after_power_loss_the_last_commits_are_gone_and_all_goes_on(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    for i in range(5):
        await put(rig, b"%d" % i)
    await rig.restart(lose=2)
    assert await data_of(rig) == [b"0", b"1", b"2"]
    await put(rig, b"new")
    assert await data_of(rig) == [b"0", b"1", b"2", b"new"]


async def test_a_document_that_cannot_be_kept_fails_alone(rig: Rig) -> None:
    with pytest.raises(InvalidArgument, match="at most 510 bytes"):
        await rig.broker.save_document("kind", "k" * 600, b"")
    await rig.broker.save_document("kind", "k" * 506, b"v")
    assert await rig.broker.documents("kind") == {"k" * 506: b"v"}
    await rig.broker.save_document("kind", "k" * 506, None)
    assert await rig.store.scan(Table.DOCUMENTS) == []


# ---------------------------------------------------------------- closing


async def test_close_answers_puts_in_flight_and_wakes_readers(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    rig.store.gate.clear()
    puts = [asyncio.create_task(put(rig)) for _ in range(3)]
    waits = [asyncio.create_task(rig.broker.wait("s", SHARD, 100)) for _ in range(2)]
    polls = [asyncio.create_task(rig.broker.poll("s", SHARD, 100, wait_ms=10_000)) for _ in range(2)]
    await turns()
    closes = [asyncio.create_task(rig.broker.close()) for _ in range(2)]
    await turns()
    assert not any(task.done() for task in closes)  # both wait for the same end
    rig.store.gate.set()
    await asyncio.gather(*closes)
    assert all(result.first_index for result in await asyncio.gather(*puts))
    for task in (*waits, *polls):
        with pytest.raises(BrokerClosed):
            await task
    with pytest.raises(BrokerClosed):
        await put(rig)
    assert rig.broker.unready_reason() == "closed"
    assert rig.broker.is_closed


@pytest.mark.parametrize("what", ["create", "delete"])
async def test_whoever_waits_for_a_change_is_told_of_the_close(rig: Rig, what: str) -> None:
    await slowly(rig)
    if what == "delete":
        await rig.finish(rig.broker.create_stream("s"), step_s=1)
    work = rig.broker.create_stream("s") if what == "create" else rig.broker.delete_stream("s")
    waiting = asyncio.create_task(work)
    await turns()
    await rig.broker.close()
    with pytest.raises(BrokerClosed):  # and not CancelledError, which nobody asked for
        await waiting


async def test_close_lets_those_go_who_wait_for_room(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.broker.create_stream("s")
    monkeypatch.setattr(committer_module, "PENDING_MAX_BYTES", 100)
    rig.store.gate.clear()
    first = asyncio.create_task(put(rig, bytes(200)))
    await turns()
    late = [asyncio.create_task(put(rig)) for _ in range(3)]
    await turns()
    closing = asyncio.create_task(rig.broker.close())
    await turns()
    rig.store.gate.set()
    await closing
    await first
    for task in late:
        with pytest.raises(BrokerClosed):
            await task


# ---------------------------------------------------------------- waiting readers


async def waiters(rig: Rig) -> int:
    return sum(len(shard._waiters) for stream in rig.broker.catalog for shard in stream.shards.values())


async def test_a_commit_wakes_whoever_waits(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    index = await rig.broker.position("s", SHARD, IteratorType.LATEST)
    polls = [asyncio.create_task(rig.broker.poll("s", SHARD, index, wait_ms=10_000)) for _ in range(5)]
    await turns()
    assert await waiters(rig) == 5
    await put(rig, b"new")
    for result in await asyncio.gather(*polls):
        assert [record.data for record in result.records()] == [b"new"]
    assert await waiters(rig) == 0


@pytest.mark.parametrize("how", ["time", "cancel", "give_up"])
async def test_a_wait_leaves_nothing_behind(rig: Rig, how: str) -> None:
    await rig.broker.create_stream("s")
    event = asyncio.Event()
    polls = [asyncio.create_task(rig.broker.poll("s", SHARD, 1, wait_ms=1000, give_up=event.wait)) for _ in range(20)]
    await turns()
    tasks = len(asyncio.all_tasks())
    if how == "time":
        rig.clock.advance(1)
    elif how == "cancel":
        for poll in polls:
            poll.cancel()
    else:
        event.set()
    results = await asyncio.gather(*polls, return_exceptions=True)
    assert await waiters(rig) == 0
    assert len(asyncio.all_tasks()) <= tasks - 60
    if how != "cancel":
        assert [(result.chunks, result.next_index) for result in results] == [([], 1)] * 20  # type: ignore[union-attr]


async def test_a_delete_wakes_whoever_waits(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    waiting = asyncio.create_task(rig.broker.wait("s", SHARD, 5))
    poll = asyncio.create_task(rig.broker.poll("s", SHARD, 5, wait_ms=30_000))
    await turns()
    await rig.broker.delete_stream("s")
    with pytest.raises(StreamNotFound):
        await waiting
    await poll
    with pytest.raises(StreamNotFound):
        await rig.broker.poll("s", SHARD, 5, wait_ms=30_000)


async def test_a_poll_that_begins_as_the_stream_goes_does_not_wait(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    stream = rig.broker.catalog.find("s", rig.broker.settings.scope)
    poll = asyncio.create_task(rig.broker.poll("s", SHARD, 5, wait_ms=30_000))
    await asyncio.sleep(0)  # it found the shard; its waiter has not run yet
    for shard in stream.shards.values():
        shard.retire()
    await turns()
    assert poll.done()
    await poll


async def test_polls_wait_for_the_limits(rig: Rig) -> None:
    await rig.start(limits="enforce")
    await rig.finish(rig.broker.create_stream("s"), step_s=0.1)
    await put(rig)
    polls = [asyncio.create_task(rig.broker.poll("s", SHARD, 0, wait_ms=5000)) for _ in range(12)]
    for expected in (5, 10, 12):
        await turns()
        assert sum(poll.done() for poll in polls) == expected
        rig.clock.advance(1.002)  # waits are rounded up to whole milliseconds
    for result in await asyncio.gather(*polls):
        assert result.record_count == 1


async def test_a_poll_whose_time_is_too_short_is_refused_at_once(rig: Rig) -> None:
    await rig.start(limits="enforce")
    await rig.finish(rig.broker.create_stream("s"), step_s=0.1)
    await put(rig)
    for _ in range(5):
        await rig.broker.poll("s", SHARD, 0)
    with pytest.raises(ThroughputExceeded):
        await rig.broker.poll("s", SHARD, 0, wait_ms=500)
    assert (await rig.broker.poll("s", SHARD, 2)).chunks == []  # nothing to read costs nothing


async def test_a_poll_that_waits_for_the_limits_can_be_given_up(rig: Rig) -> None:
    await rig.start(limits="enforce")
    await rig.finish(rig.broker.create_stream("s"), step_s=0.1)
    await put(rig)
    for _ in range(5):
        await rig.broker.poll("s", SHARD, 0)
    event = asyncio.Event()
    poll = asyncio.create_task(rig.broker.poll("s", SHARD, 0, wait_ms=5000, give_up=event.wait))
    await turns()
    event.set()
    with pytest.raises(ThroughputExceeded):
        await poll


@pytest.mark.parametrize("mode", [LimitMode.OBSERVE, LimitMode.OFF])
async def test_limits_that_refuse_nothing_leave_no_debt(rig: Rig, mode: LimitMode) -> None:
    await rig.broker.create_stream("s", limit_mode=mode)
    await rig.broker.put_records("s", ["k"] * 5, [bytes(MIB)] * 5)
    token = await rig.broker.issue_iterator("s", SHARD, 0)
    for _ in range(20):
        await rig.broker.get_records(token)
        await rig.broker.poll("s", SHARD, 0)
    shard = rig.broker.catalog.find("s", rig.broker.settings.scope).shard(SHARD)
    assert shard.read_budget.bytes.tokens >= -10 * MIB
    assert shard.counters.read_throttled == (39 if mode is LimitMode.OBSERVE else 0)


# ---------------------------------------------------------------- positions


async def test_latest_is_after_what_is_committed(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    await put(rig, b"before")
    rig.store.gate.clear()
    in_flight = asyncio.create_task(put(rig, b"in flight"))
    await turns()
    index = await rig.broker.position("s", SHARD, IteratorType.LATEST)
    rig.store.gate.set()
    await in_flight
    result = await rig.broker.read("s", SHARD, index)
    assert [record.data for record in result.records()] == [b"in flight"]


@pytest.mark.parametrize("max_records", [0, -1])
async def test_a_read_of_nothing_is_refused(rig: Rig, max_records: int) -> None:
    # It would answer "nothing here, go on behind the tip".
    await rig.broker.create_stream("s")
    await put(rig)
    with pytest.raises(InvalidArgument):
        await rig.broker.read("s", SHARD, 0, max_records=max_records)
    token = await rig.broker.issue_iterator("s", SHARD, 0)
    with pytest.raises(InvalidArgument):
        await rig.broker.get_records(token, max_records)


@pytest.mark.parametrize("kind", [IteratorType.AT_SEQUENCE_NUMBER, IteratorType.AFTER_SEQUENCE_NUMBER])
async def test_a_place_in_a_shard_is_of_that_shard_and_stream(rig: Rig, kind: IteratorType) -> None:
    await rig.broker.create_stream("s", shards=2)
    run = await put(rig)
    number = str(run.first_sequence)
    other = "shardId-000000000001" if run.shard_id == SHARD else SHARD
    place = await rig.broker.position("s", run.shard_id, kind, sequence_number=number)
    assert place == (1 if kind is IteratorType.AT_SEQUENCE_NUMBER else 2)
    for shard, text in ((other, number), (run.shard_id, "12345"), (run.shard_id, None)):
        with pytest.raises(InvalidArgument):
            await rig.broker.position("s", shard, kind, sequence_number=text)
    await rig.broker.delete_stream("s")
    rig.clock.advance(1)
    await rig.broker.create_stream("s", shards=2)
    with pytest.raises(InvalidArgument):
        await rig.broker.position("s", run.shard_id, kind, sequence_number=number)


@pytest.mark.parametrize("kind", [IteratorType.TRIM_HORIZON, IteratorType.LATEST])
async def test_arguments_that_do_not_go_with_the_kind(rig: Rig, kind: IteratorType) -> None:
    await rig.broker.create_stream("s")
    with pytest.raises(InvalidArgument, match="must not be set"):
        await rig.broker.position("s", SHARD, kind, sequence_number="0")
    for at_ms in (None, rig.clock.now_ms() + 1):
        with pytest.raises(InvalidArgument, match="timestamp"):
            await rig.broker.position("s", SHARD, IteratorType.AT_TIMESTAMP, timestamp_ms=at_ms)
    with pytest.raises(ShardNotFound):
        await rig.broker.position("s", "shardId-000000000007", kind)


async def test_keys_that_utf_8_cannot_hold(rig: Rig) -> None:
    for shards in (1, 2):
        name = f"s{shards}"
        await rig.broker.create_stream(name, shards=shards)
        with pytest.raises(InvalidArgument, match="surrogates"):
            await rig.broker.put_records(name, ["good", "\ud800"], [b"", b""])
        assert await rig.store.extents() == {}


async def test_repr(rig: Rig) -> None:
    await rig.broker.create_stream("s")
    assert "open, 1 streams" in repr(rig.broker)
    stream = rig.broker.catalog.find("s", rig.broker.settings.scope)
    assert repr(stream.shard(SHARD)) == f"<Shard {SHARD} open, committed 0, 0 waiting>"
