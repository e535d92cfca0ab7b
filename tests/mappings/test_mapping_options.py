"""The options of a mapping: lanes, filters, windows, what a restart finds, what a failure destination is told."""

from __future__ import annotations

import asyncio
import json

import pytest

from runtime.errors import InvalidMappingError, PoolBusyError
from runtime.model.delivery import DiscardReason
from runtime.model.filtering import lane_of

SHARD = "shardId-000000000000"


def keys_of_lanes(lanes: int) -> list[str]:
    """A partition key for each lane."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < lanes:
        found.setdefault(lane_of(str(number).encode(), lanes), str(number))
        number += 1
    return [found[lane] for lane in range(lanes)]


class TestLanes:
    async def test_a_poisoned_key_holds_up_its_lane_only(self, world):
        bad, good = keys_of_lanes(2)
        await world.put("bad", key=bad)
        await world.put("good", key=good)
        world.function.decide = lambda data: ValueError() if "bad" in data else None
        await world.map(parallelization_factor=2)
        await world.settle()
        await world.put("good again", key=good)
        await world.settle()
        assert [data for data in world.function.handled if data != "bad"] == ["good", "good again"]

    async def test_every_key_stays_in_order(self, world):
        for number in range(20):
            for key in "abcdefgh":
                await world.put(f"{key}{number:02d}", key=key)
        mapping = await world.map(parallelization_factor=10, batch_size=3)
        await mapping.drained()
        handled = world.function.handled
        assert len(handled) == 160
        for key in "abcdefgh":
            assert [d for d in handled if d[0] == key] == sorted(d for d in handled if d[0] == key)

    async def test_the_position_is_that_of_the_slowest(self, world):
        slow, fast = keys_of_lanes(2)
        await world.put("s0", key=slow)
        await world.put("f0", key=fast)
        world.function.decide = lambda data: ValueError() if data == ["s0"] else None
        mapping = await world.map(parallelization_factor=2)
        await world.settle()
        assert mapping.positions()[SHARD] <= 1
        world.function.decide = lambda data: None
        await world.advance(1)
        await mapping.drained()
        assert mapping.positions()[SHARD] == 3

    @pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 1), (4, 2), (3, 10)])
    async def test_another_factor_leaves_nothing_out(self, world, before, after):
        keys = [str(number) for number in range(12)]
        for key in keys:
            await world.put(f"{key}-0", key=key)
        world.function.decide = lambda data: ValueError() if "3-0" in data else None
        await world.map(parallelization_factor=before)
        await world.settle()
        await world.restart()
        world.function.decide = lambda data: None
        for key in keys:
            await world.put(f"{key}-1", key=key)
        mapping = await world.map(parallelization_factor=after)
        await mapping.drained()
        last = {data.split("-")[0]: data for data in world.function.handled}
        assert set(world.function.handled) == {f"{key}-{n}" for key in keys for n in (0, 1)}
        assert last == {key: f"{key}-1" for key in keys}

    async def test_children_wait_for_all_lanes_of_their_parent(self, world):
        slow, fast = keys_of_lanes(2)
        await world.put("slow", key=slow)
        await world.put("fast", key=fast)
        world.function.decide = lambda data: ValueError() if data == ["slow"] else None
        mapping = await world.map(parallelization_factor=2)
        await world.settle()
        await world.broker.split_shard("s", SHARD, str(2**127))
        await world.put("child", key=fast)
        await world.settle()
        assert "child" not in world.function.handled
        world.function.decide = lambda data: None
        await world.advance(60)
        await mapping.drained()
        assert world.function.handled[-1] == "child"


class TestFilters:
    @pytest.mark.parametrize(("filters", "expected"), [
        (['{"data": {"kind": ["a"]}}'], ["a"]),
        (['{"data": {"kind": ["a"]}}', '{"data": {"n": [{"numeric": [">", 1]}]}}'], ["a", "b"]),
        (['{"partitionKey": ["k"]}'], ["a", "b", "text", "list"]),
        (['{"partitionKey": ["other"]}'], []),
        (['{"data": ["plain"]}'], ["text"]),
        (['{"data": {"kind": [{"exists": false}]}}'], []),
        (['{"eventSource": ["aws:kinesis"]}'], ["a", "b", "text", "list"]),
        (['{"kinesis": {"data": {"kind": ["b"]}}}'], ["b"]),
    ])  # fmt: skip
    async def test_which_records_come(self, world, filters, expected):
        texts = {'{"kind":"a","n":1}': "a", '{"kind":"b","n":2}': "b", "plain": "text", "[1]": "list"}
        await world.put(*texts)
        mapping = await world.map(filters=tuple(filters))
        await mapping.drained()
        assert [texts[data] for data in world.function.handled] == expected
        assert await world.checkpoint() == 5

    async def test_what_is_left_out_moves_the_position(self, world):
        mapping = await world.map(filters=('{"data": {"kind": ["a"]}}',))
        await world.put("no", "no")
        await mapping.drained()
        assert (await world.checkpoint(), world.function.batches) == (3, [])

    @pytest.mark.parametrize("filters", [("nonsense",), ("{}",), ('{"data": "x"}',), ('{"a": ["x"]}',) * 11,
                                         (f'{{"data": ["{"x" * 4096}"]}}',)])  # fmt: skip
    async def test_refused(self, world, filters):
        with pytest.raises(InvalidMappingError):
            await world.map(filters=filters)


class TestWindows:
    """Windows of ten seconds; the clock starts at one."""

    @staticmethod
    def summing(world):
        def decide(data):
            event = world.function.events[-1]
            state = event["state"]
            return json.dumps({"state": {"sum": state.get("sum", 0) + sum(map(int, data))}}).encode()

        world.function.decide = decide

    async def test_the_state_goes_from_invoke_to_invoke(self, world):
        self.summing(world)
        await world.put("1", "2")
        await world.map(tumbling_window_s=10)
        await world.settle()
        world.clock.advance(5)
        await world.put("3")
        await world.settle()
        await world.advance(5.2)
        events = world.function.events
        start, end = "2023-11-14T22:13:20Z", "2023-11-14T22:13:30Z"
        assert [event["window"] for event in events] == [{"start": start, "end": end}] * 3
        assert [event["state"] for event in events] == [{}, {"sum": 3}, {"sum": 6}]
        assert [event["isFinalInvokeForWindow"] for event in events] == [False, False, True]
        assert [event["isWindowTerminatedEarly"] for event in events] == [False] * 3
        assert (events[2]["Records"], events[2]["shardId"]) == ([], SHARD)
        assert events[2]["eventSourceARN"] == world.broker.describe_stream("s").arn

    async def test_a_record_of_the_next_window_ends_the_first(self, world):
        self.summing(world)
        await world.put("1")
        world.clock.advance(10)
        await world.put("2")
        await world.map(tumbling_window_s=10, batch_size=100)
        await world.settle()
        assert [(len(e["Records"]), e["state"], e["isFinalInvokeForWindow"]) for e in world.function.events] == [
            (1, {}, False), (0, {"sum": 1}, True), (1, {}, False),
        ]  # fmt: skip

    async def test_no_state_in_the_answer_is_a_failure(self, world):
        world.function.decide = lambda data: b'{"batchItemFailures":[]}'
        await world.put("1")
        await world.map(tumbling_window_s=10, maximum_retry_attempts=1)
        await world.settle()
        await world.advance(1)
        assert len(world.function.events) == 2
        assert [what.reason for what in world.given_up] == [DiscardReason.RETRY_ATTEMPTS_EXHAUSTED]

    async def test_a_restart_keeps_the_state(self, world):
        self.summing(world)
        await world.put("1")
        await world.map(tumbling_window_s=10)
        await world.settle()
        await world.restart()
        await world.put("2")
        await world.map(tumbling_window_s=10)
        await world.settle()
        await world.advance(11)
        assert [event["state"] for event in world.function.events] == [{}, {"sum": 1}, {"sum": 3}]

    async def test_a_state_that_is_too_large_ends_it_early(self, world):
        world.function.decide = lambda data: json.dumps({"state": {"x": "x" * 1_100_000}}).encode()
        await world.put("1")
        await world.map(tumbling_window_s=10)
        await world.settle()
        flags = [(e["isFinalInvokeForWindow"], e["isWindowTerminatedEarly"]) for e in world.function.events]
        assert flags == [(False, False), (True, True)]

    async def test_the_end_of_a_shard_ends_its_window(self, world):
        self.summing(world)
        await world.put("1")
        await world.map(tumbling_window_s=900)
        await world.settle()
        await world.broker.split_shard("s", SHARD, str(2**127))
        await world.settle()
        assert [event["isFinalInvokeForWindow"] for event in world.function.events] == [False, True]

    async def test_an_end_that_fails_is_tried_again(self, world):
        self.summing(world)
        await world.put("1")
        await world.map(tumbling_window_s=10)
        await world.settle()
        world.function.decide = lambda data: ValueError()
        await world.advance(11)
        world.function.decide = lambda data: None
        await world.advance(1)
        await world.advance(60)
        assert [event["isFinalInvokeForWindow"] for event in world.function.events] == [False, True, True]

    async def test_not_with_lanes(self, world):
        with pytest.raises(InvalidMappingError, match="tumbling window"):
            await world.map(tumbling_window_s=10, parallelization_factor=2)


class TestRestartsInRetries:
    async def test_the_count_goes_on(self, world):
        world.function.decide = lambda data: ValueError()
        await world.put("a", "b")
        await world.map(maximum_retry_attempts=2)
        await world.settle()
        await world.restart()
        await world.map(maximum_retry_attempts=2)
        await world.advance(10)
        await world.advance(10)
        assert world.function.batches == [["a", "b"]] * 3
        (what,) = world.given_up
        assert (what.invokes, [r.position for r in what.records]) == (3, [1, 2])

    async def test_the_halves_stay_halves(self, world):
        world.function.decide = lambda data: ValueError() if "c" in data else None
        await world.put("a", "b", "c", "d")
        await world.map(bisect_batch_on_function_error=True, maximum_retry_attempts=0)
        await world.settle()
        await world.advance(1)  # the first half is handled, the second has failed
        before = list(world.function.batches)
        await world.restart()
        await world.put("e")
        mapping = await world.map(bisect_batch_on_function_error=True, maximum_retry_attempts=0)
        for _ in range(6):
            await world.advance(5)
        await mapping.drained()
        assert before == [["a", "b", "c", "d"], ["a", "b"], ["c", "d"]]
        assert world.function.batches[3:] == [["c"], ["d"], ["e"]]
        assert len(world.given_up) == 1

    async def test_a_batch_that_is_handled_leaves_nothing_behind(self, world):
        answers = [ValueError(), None]
        world.function.decide = lambda data: answers.pop(0)
        await world.put("a")
        mapping = await world.map()
        await world.settle()
        assert len(await world.broker.documents("mapping-progress")) == 1
        await world.advance(1)
        await mapping.drained()
        await world.settle()
        assert await world.broker.documents("mapping-progress") == {}

    async def test_records_that_expired_meanwhile(self, world):
        world.function.decide = lambda data: ValueError()
        await world.put("a")
        await world.map()
        await world.settle()
        await world.restart()
        world.clock.advance(25 * 3600)
        world.function.decide = lambda data: None
        mapping = await world.map()
        await world.put("b")
        await mapping.drained()
        assert world.function.batches[-1] == ["b"]

    async def test_forgotten_with_the_mapping(self, world):
        world.function.decide = lambda data: ValueError()
        await world.put("a")
        mapping = await world.map(parallelization_factor=3)
        await world.settle()
        await mapping.stop()
        await mapping.forget()
        for kind in ("mapping-progress", "mapping-lanes"):
            assert await world.broker.documents(kind) == {}
        assert await world.broker.checkpoints("s", "mapping:m:2") == {}


class TestGivenUp:
    @pytest.mark.parametrize(("options", "invokes"), [
        ({"maximum_retry_attempts": 0}, 1),
        ({"maximum_retry_attempts": 1}, 2),
        ({"maximum_retry_attempts": 3}, 4),
    ])  # fmt: skip
    async def test_how_often_it_was_tried(self, world, options, invokes):
        world.function.decide = lambda data: ValueError()
        await world.put("a")
        await world.map(**options)
        for _ in range(6):
            await world.advance(10)
        (what,) = world.given_up
        assert (what.invokes, what.reason) == (invokes, DiscardReason.RETRY_ATTEMPTS_EXHAUSTED)
        assert what.outcome is not None

    async def test_too_old_in_the_middle_of_retries(self, world):
        world.function.decide = lambda data: ValueError()
        await world.put("old")
        await world.map(maximum_record_age_s=60)
        await world.settle()
        for _ in range(20):
            await world.advance(30)
        assert [(what.reason, len(what.records)) for what in world.given_up] == [(DiscardReason.RECORD_AGE_EXCEEDED, 1)]

    async def test_throttled_until_too_old(self, world):
        world.function.raises = [PoolBusyError(1)] * 99
        await world.put("old")
        await world.map(maximum_record_age_s=60)
        for _ in range(20):
            await world.advance(30)
        (what,) = world.given_up
        assert (what.invokes, what.outcome) == (0, None)

    async def test_the_position_moves_once_the_destination_knows(self, world):
        asked = asyncio.Event()
        gate = asyncio.Event()

        async def slow(config, what):
            asked.set()
            await gate.wait()

        world.give_up = slow
        world.function.decide = lambda data: ValueError()
        await world.put("a")
        await world.map(maximum_retry_attempts=0)
        await asyncio.wait_for(asked.wait(), 5)
        assert await world.checkpoint() < 2
        gate.set()
        await world.settle()
        assert await world.checkpoint() == 2
