"""What a mapping does with a stream, end to end but for the worker processes."""

from __future__ import annotations

import asyncio

import pytest

from runtime.errors import EventTooLargeError, PoolBusyError
from runtime.model.mapping import StartingPosition
from streamcore.errors import StreamNotFound

DATA = [f"{i}" for i in range(10)]


async def test_everything_is_handled_in_order_in_batches(world):
    await world.put(*DATA)
    mapping = await world.map(batch_size=4)
    await mapping.drained()
    assert world.function.batches == [DATA[:4], DATA[4:8], DATA[8:]]
    assert await world.checkpoint() == 11
    assert mapping.last_processing_result == "OK"


async def test_a_commit_wakes_it(world):
    mapping = await world.map()
    await world.settle()
    assert mapping.last_processing_result == "No records processed"
    await world.put("a")
    await mapping.drained()
    await world.put("b", "c")
    await mapping.drained()
    assert world.function.batches == [["a"], ["b", "c"]]


async def test_latest_is_fixed_when_the_mapping_is_made(world):
    await world.put("before")
    await world.map(starting_position=StartingPosition.LATEST)
    await world.restart()
    await world.put("after")
    mapping = await world.map(starting_position=StartingPosition.LATEST)
    await mapping.drained()
    assert world.function.handled == ["after"]


async def test_at_timestamp(world):
    await world.put("early")
    world.clock.advance(10)
    at_ms = world.clock.now_ms()
    await world.put("late")
    mapping = await world.map(starting_position=StartingPosition.AT_TIMESTAMP, starting_position_timestamp_ms=at_ms)
    await mapping.drained()
    assert world.function.handled == ["late"]


async def test_a_restart_goes_on_at_the_position(world):
    await world.put("a", "b")
    await (await world.map()).drained()
    await world.restart()
    await world.put("c")
    await (await world.map()).drained()
    assert world.function.handled == ["a", "b", "c"]


async def test_what_was_being_handled_at_a_crash_comes_again(world):
    world.function.gate = asyncio.Event()
    await world.put("a", "b")
    await world.map()
    await world.function.entered.wait()
    assert await world.checkpoint() == 0
    await world.restart()
    world.function.gate = None
    await (await world.map()).drained()
    assert world.function.batches == [["a", "b"], ["a", "b"]]


async def test_a_stop_waits_for_the_batch(world):
    world.function.gate = asyncio.Event()
    await world.put("a", "b", "c")
    mapping = await world.map(batch_size=2)
    await world.function.entered.wait()
    stopping = asyncio.ensure_future(mapping.stop())
    await world.settle()
    assert not stopping.done()
    world.function.gate.set()
    await stopping
    assert world.function.batches == [["a", "b"]]
    assert await world.checkpoint() == 3


async def test_the_window_gathers(world):
    mapping = await world.map(maximum_batching_window_ms=5000, batch_size=3)
    await world.put("a")
    await world.advance(2)
    await world.put("b")
    await world.advance(2.9)
    assert world.function.batches == []
    await world.advance(0.1)
    assert world.function.batches == [["a", "b"]]
    await world.put("c", "d", "e", "f")
    await world.settle()
    assert world.function.batches == [["a", "b"], ["c", "d", "e"]]
    await world.advance(5)
    await mapping.drained()
    assert world.function.batches[2:] == [["f"]]


async def test_a_failed_batch_blocks_and_is_tried_until_it_works(world):
    answers = [ValueError(), ValueError(), None, None]
    world.function.decide = lambda data: answers.pop(0)
    await world.put("a")
    mapping = await world.map(batch_size=1)
    await world.settle()
    await world.put("b")
    for _ in range(2):
        assert "b" not in world.function.handled
        assert await world.checkpoint() == 0
        await world.advance(1)
    await mapping.drained()
    assert world.function.handled == ["a", "a", "a", "b"]
    assert mapping.stats["shardId-000000000000"].errors == 2


async def test_given_up_after_the_retries(world):
    world.function.decide = lambda data: ValueError() if "bad" in data else None
    await world.put("bad", "worse")
    mapping = await world.map(batch_size=2, maximum_retry_attempts=2)
    await world.settle()
    await world.put("good")
    for _ in range(4):
        await world.advance(5)
    await mapping.drained()
    assert world.function.batches == [["bad", "worse"]] * 3 + [["good"]]
    assert mapping.stats["shardId-000000000000"].discarded == 2
    assert await world.checkpoint() == 4


async def test_bisect_finds_the_poison(world):
    world.function.decide = lambda data: ValueError() if "5" in data else None
    await world.put(*DATA[:8])
    mapping = await world.map(bisect_batch_on_function_error=True, maximum_retry_attempts=0)
    for _ in range(10):
        await world.advance(120)
    await mapping.drained()
    assert world.function.batches == [
        DATA[:8],
        DATA[:4],
        DATA[4:8],
        DATA[4:6],
        DATA[4:5],
        DATA[5:6],
        DATA[6:8],
    ]
    assert mapping.stats["shardId-000000000000"].discarded == 1


async def test_partial_failures_move_the_position_up_to_the_first(world):
    numbers: list[str] = []

    def decide(data):
        if len(numbers) == 0:
            numbers.extend(r["kinesis"]["sequenceNumber"] for r in world.function.events[-1]["Records"])
            return b'{"batchItemFailures":[{"itemIdentifier":"%s"}]}' % numbers[2].encode()
        return None

    world.function.decide = decide
    await world.put(*DATA[:4])
    mapping = await world.map(report_batch_item_failures=True)
    await world.settle()
    assert await world.checkpoint() == 3
    await world.advance(5)
    await mapping.drained()
    assert world.function.batches == [DATA[:4], DATA[2:4]]


async def test_too_old_records_are_given_up_and_the_rest_goes_on(world):
    world.function.decide = lambda data: ValueError() if "old" in data else None
    await world.put("old")
    await world.map(maximum_record_age_s=60, batch_size=10)
    await world.settle()
    await world.advance(30)
    await world.put("new")
    for _ in range(12):
        await world.advance(10)
    await world.mappings[0].drained()
    assert world.function.batches[-1] == ["new"]
    assert world.mappings[0].stats["shardId-000000000000"].discarded == 1


async def test_a_busy_pool_uses_up_no_retry(world):
    world.function.raises = [PoolBusyError(1), PoolBusyError(1), OSError("no descriptors")]
    await world.put("a")
    mapping = await world.map(maximum_retry_attempts=0)
    for _ in range(5):
        await world.advance(5)
    await mapping.drained()
    assert world.function.handled == ["a"]
    assert mapping.stats["shardId-000000000000"].discarded == 0


async def test_a_record_beyond_the_largest_event_is_given_up(world):
    world.function.raises = [EventTooLargeError(7_000_000, 6_291_556)]
    await world.put("huge")
    mapping = await world.map()
    await mapping.drained()
    assert mapping.stats["shardId-000000000000"].discarded == 1


async def test_a_poisoned_shard_holds_up_no_other(world):
    await world.broker.create_stream("four", shards=4)
    world.function.decide = lambda data: ValueError() if "poison" in data else None
    await world.map("four", batch_size=1)
    keys = [f"key-{i}" for i in range(40)]
    poisoned = await world.broker.put_record("four", "key-1", b"poison")
    result = await world.broker.put_records("four", keys, [key.encode() for key in keys])
    await world.settle()
    behind = {run.shard_id: {keys[p] for p in run.positions} for run in result.runs}
    assert len(behind) == 4
    blocked = behind.pop(poisoned.shard_id)
    assert set(world.function.handled) == {"poison"}.union(*behind.values())
    assert blocked.isdisjoint(world.function.handled)


async def test_a_deleted_stream_ends_it_and_harms_nobody(world):
    await world.put("a")
    mapping = await world.map()
    await mapping.drained()
    await world.broker.delete_stream("s")
    await world.settle()
    assert mapping._tasks == {}
    with pytest.raises(StreamNotFound):
        await mapping.drained()


async def test_expired_records_count_as_done(world):
    world.clock.advance(1)
    await world.put("a")
    world.clock.advance(25 * 3600)
    mapping = await world.map()
    await mapping.drained()
    assert world.function.handled == []


async def test_a_fault_of_ours_begins_the_shard_again(world):
    world.function.raises = [RuntimeError("a bug")]
    await world.put("a")
    mapping = await world.map()
    await world.settle()
    assert world.function.handled == []
    await world.advance(6)
    await mapping.drained()
    assert world.function.handled == ["a"]


async def test_what_waits_at_the_tail_says_what_it_is(world):
    mapping = await world.map()
    await world.settle()
    assert repr(mapping) == "<Mapping m f Enabled, 1 tasks>"
    (poller,) = mapping._pollers.values()
    assert repr(poller) == "<ShardPoller shardId-000000000000 waiting, done 1, 0 buffered>"
