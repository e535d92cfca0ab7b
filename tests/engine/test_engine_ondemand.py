"""On-demand streams: split by their traffic, merged for want of it, by one timer that is set only when it is needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import msgspec
import pytest

from streamcore.broker import Broker, open_broker
from streamcore.clock import ManualClock
from streamcore.errors import InvalidArgument, ValidationFailed
from streamcore.model import ondemand
from streamcore.model.control import switch_mode
from streamcore.model.hashing import HASH_KEY_MAX
from streamcore.model.ondemand import COOL_DOWN_S, NARROWEST, SHARDS_MAX, Load, merge_cold, split_hot, warm_up
from streamcore.model.stream import StreamInfo, StreamMode, StreamStatus, uniform_shards

NOW_MS = 1_700_000_000_000
QUARTER = (HASH_KEY_MAX + 1) // 4


def stream(shards: int = 4, **fields: object) -> StreamInfo:
    made = uniform_shards(shards, NOW_MS // 1000)
    info = StreamInfo(1, "s", "1" * 12, "r", NOW_MS, StreamStatus.ACTIVE, made, mode=StreamMode.ON_DEMAND)
    return msgspec.structs.replace(info, **fields)


class TestLoad:
    @pytest.mark.parametrize(
        ("puts", "splits"),
        [
            ([(0.0, 800, 0), (1.0, 800, 0)], [False, True]),
            ([(0.0, 799, 0), (1.0, 1000, 0)], [False, False]),
            ([(0.0, 0, 900_000), (1.9, 1, 900_000)], [False, True]),
            ([(0.0, 400, 0), (0.9, 400, 0), (1.0, 900, 0)], [False, False, True]),
            ([(0.0, 900, 0), (0.5, 900, 0), (0.9, 900, 0)], [False, False, False]),
            ([(0.0, 900, 0), (2.0, 900, 0), (3.0, 900, 0)], [False, False, True]),
            ([(0.0, 900, 0), (1.0, 900, 0), (2.0, 900, 0), (3.0, 900, 0)], [False, True, False, True]),
        ],
    )
    def test_two_full_seconds_in_a_row(self, puts: list[tuple[float, int, int]], splits: list[bool]) -> None:
        load = Load()
        assert [load.add(records, size, now) for now, records, size in puts] == splits

    def test_the_peak(self) -> None:
        load = Load()
        load.add(100, 0, 0.0)
        load.add(500, 0, 1.0)
        load.add(10, 0, 2.0)
        assert load.peak == 0.5
        assert repr(load) == "<Load 10 records, 0 bytes this second, peak 50%>"


class TestRules:
    def test_a_hot_shard_is_halved_and_the_stream_stays_active(self) -> None:
        after = split_hot(stream(), NOW_MS, shard=1)
        assert (after.status, len(after.open_shards)) == (StreamStatus.ACTIVE, 5)
        assert [shard.parent for shard in after.shards[4:]] == [1, 1]

    @pytest.mark.parametrize(
        "info",
        [
            stream(mode=StreamMode.PROVISIONED),
            stream(status=StreamStatus.DELETING),
            stream(SHARDS_MAX),
            split_hot(stream(), NOW_MS, shard=1),
        ],
        ids=["provisioned", "deleting", "as many as may be", "closed"],
    )
    def test_not_when(self, info: StreamInfo) -> None:
        assert split_hot(info, NOW_MS, shard=1) is info

    def test_one_hot_key_does_not_split_without_end(self) -> None:
        info = stream()
        while (after := split_hot(info, NOW_MS, shard=min(s.number for s in info.open_shards if s.first_hash_key == "0"))) is not info:  # fmt: skip  # noqa: E501
            info = after
        assert len(info.open_shards) == 10
        assert min(int(s.last_hash_key) - int(s.first_hash_key) + 1 for s in info.open_shards) == NARROWEST

    def test_cold_neighbours_are_merged_down_to_the_floor(self) -> None:
        later_ms = NOW_MS + COOL_DOWN_S * 1000
        assert len(merge_cold(stream(9), later_ms, peaks={}).open_shards) == 5
        assert len(merge_cold(stream(5), later_ms, peaks={}).open_shards) == 4
        assert len(merge_cold(stream(9, warm_throughput_mibps=8), later_ms, peaks={}).open_shards) == 8
        busy = stream(5)
        assert merge_cold(busy, later_ms, peaks=dict.fromkeys(range(5), 0.26)) is busy
        assert merge_cold(busy, later_ms - 1000, peaks={}) is busy  # not there for long enough
        quiet = merge_cold(busy, later_ms, peaks={0: 0.5, 1: 0.3, 2: 0.1, 3: 0.1, 4: 0.6})
        assert [(s.parent, s.adjacent_parent) for s in quiet.shards[5:]] == [(1, 2)]

    def test_warm_throughput_is_a_shard_per_mib(self) -> None:
        after = warm_up(stream(), NOW_MS, mibps=7)
        assert (len(after.open_shards), after.warm_throughput_mibps) == (7, 7)
        assert warm_up(stream(), NOW_MS, mibps=0).warm_throughput_mibps is None
        with pytest.raises(InvalidArgument):
            warm_up(stream(), NOW_MS, mibps=201)
        with pytest.raises(ValidationFailed, match="is not in On-Demand mode"):
            warm_up(stream(mode=StreamMode.PROVISIONED), NOW_MS, mibps=5)

    def test_switching_on_can_warm_up(self) -> None:
        provisioned = stream(2, mode=StreamMode.PROVISIONED)
        assert len(ondemand.switch_on(provisioned, NOW_MS).open_shards) == 2
        warm = ondemand.switch_on(provisioned, NOW_MS, mibps=6)
        assert (len(warm.open_shards), warm.mode, warm.warm_throughput_mibps) == (6, StreamMode.ON_DEMAND, 6)
        again = ondemand.switch_on(warm.moved_to(StreamStatus.ACTIVE), NOW_MS, mibps=8)
        assert (len(again.open_shards), len(again.history["UpdateStreamMode"])) == (8, 1)
        off = switch_mode(again.moved_to(StreamStatus.ACTIVE), NOW_MS, mode=StreamMode.PROVISIONED)
        assert (len(off.open_shards), off.warm_throughput_mibps) == (8, None)


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with open_broker(None, clock=ManualClock(NOW_MS), transition_ms=0) as broker:
        await broker.create_stream("s", mode=StreamMode.ON_DEMAND)
        yield broker


async def settle(broker: Broker) -> None:
    while broker._background:
        await asyncio.gather(*broker._background)


async def load(broker: Broker, records: int, hash_key: int = 0) -> int:
    """Offers records to the shard of a hash key; how many were refused."""
    result = await broker.put_records("s", ["k"] * records, [b"x"] * records, explicit_hash_keys=[str(hash_key)] * records)  # fmt: skip  # noqa: E501
    await settle(broker)
    return result.failed_count


def shards(broker: Broker) -> int:
    return len(broker.describe_stream("s").open_shards)


def advance(broker: Broker, seconds: float) -> None:
    assert isinstance(broker.clock, ManualClock)
    broker.clock.advance(seconds)


class TestBroker:
    async def test_four_shards_at_the_start_and_nothing_to_wait_for(self, broker: Broker) -> None:
        assert shards(broker) == 4
        assert repr(broker.on_demand) == "<OnDemand, nothing to merge>"

    async def test_traffic_splits_a_shard_and_its_children_take_twice_as_much(self, broker: Broker) -> None:
        assert await load(broker, 1500) == 500
        advance(broker, 1)
        assert await load(broker, 1500) == 500
        assert shards(broker) == 5
        assert await load(broker, 900) + await load(broker, 900, QUARTER - 1) == 0
        assert repr(broker.on_demand) == "<OnDemand, something to merge>"

    async def test_single_records_count_as_well(self, broker: Broker) -> None:
        for _ in range(2):
            await asyncio.gather(*(broker.put_record("s", "k", b"", explicit_hash_key="0") for _ in range(800)))
            advance(broker, 1)
        await settle(broker)
        assert shards(broker) == 5

    async def test_provisioned_streams_are_left_alone(self, broker: Broker) -> None:
        await broker.create_stream("p")
        for _ in range(3):
            await broker.put_records("p", ["k"] * 1000, [b"x"] * 1000)
            advance(broker, 1)
        await settle(broker)
        assert len(broker.describe_stream("p").open_shards) == 1

    async def test_cold_shards_are_merged_again_and_then_the_timer_rests(self, broker: Broker) -> None:
        for second in range(6):
            await load(broker, 900, (second % 2) * 2 * QUARTER)
            await load(broker, 900, ((second + 1) % 2) * 2 * QUARTER)
            advance(broker, 1)
        grown = shards(broker)
        assert grown > 4
        for _ in range(3):
            advance(broker, COOL_DOWN_S)
            await settle(broker)
        assert shards(broker) == 4
        advance(broker, COOL_DOWN_S)
        await settle(broker)
        assert repr(broker.on_demand) == "<OnDemand, nothing to merge>"

    async def test_busy_shards_are_not_merged(self, broker: Broker) -> None:
        for _ in range(2):
            await load(broker, 900)
            advance(broker, 1)
        assert shards(broker) == 5
        for quarter in range(4):
            await load(broker, 600, quarter * QUARTER)
        await load(broker, 600, QUARTER - 1)
        for _ in range(2):
            advance(broker, COOL_DOWN_S)
            for quarter in range(4):
                await load(broker, 600, quarter * QUARTER)
            await load(broker, 600, QUARTER - 1)
        assert shards(broker) == 5

    async def test_merging_goes_on_after_a_restart(self) -> None:
        clock = ManualClock(NOW_MS)
        async with open_broker(None, clock=clock, transition_ms=0) as broker:
            await broker.create_stream("s", mode=StreamMode.ON_DEMAND)
            await broker.change_stream("s", partial(warm_up, mibps=8))
            await broker.change_stream("s", partial(warm_up, mibps=0))
            store = broker._store.reopened()  # type: ignore[attr-defined]
        from streamcore.broker import start_broker
        from streamcore.config import settings

        again = await start_broker(settings(transition_ms=0), data=None, clock=clock, store=store)
        for _ in range(3):
            clock.advance(COOL_DOWN_S)
            await settle(again)
        assert shards(again) == 4
        await again.close()
