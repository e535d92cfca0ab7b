# ruff: noqa: E501  a table has a line per case
"""Splits, merges and UNIFORM_SCALING as exact integers."""

from __future__ import annotations

import itertools
from functools import partial

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamcore.errors import (
    InvalidArgument,
    LimitExceeded,
    ResourceNotFound,
    StreamcoreError,
    StreamNotActive,
    ValidationFailed,
)
from streamcore.model.hashing import HASH_KEY_MAX
from streamcore.model.reshard import (
    DUST,
    check_account_shards,
    first_key,
    merge_shards,
    middle,
    split_shard,
    update_shard_count,
    width,
)
from streamcore.model.stream import (
    Scope,
    ShardInfo,
    ShardMap,
    StreamInfo,
    StreamMode,
    StreamStatus,
    shard_id,
    uniform_shards,
)

NOW_MS = 1_700_000_000_500
NOW_S = NOW_MS // 1000
OF = "in stream s under account 123456789012"


def stream(shards: int = 1, **fields: object) -> StreamInfo:
    info = StreamInfo(1, "s", "123456789012", "eu-west-1", NOW_MS, StreamStatus.ACTIVE, uniform_shards(shards, NOW_S))
    return msgspec.structs.replace(info, **fields)


def active(info: StreamInfo) -> StreamInfo:
    return info.moved_to(StreamStatus.ACTIVE)


def open_ordered(info: StreamInfo) -> list[ShardInfo]:
    return sorted(info.open_shards, key=first_key)


def check_invariants(info: StreamInfo) -> None:
    """Every key has exactly one open shard, ids are never reused, numbers grow from parents to children."""
    ordered = open_ordered(info)
    assert first_key(ordered[0]) == 0
    assert int(ordered[-1].last_hash_key) == HASH_KEY_MAX
    for low, high in itertools.pairwise(ordered):
        assert int(low.last_hash_key) + 1 == first_key(high)
    by_number = {shard.number: shard for shard in info.shards}
    assert len(by_number) == len(info.shards)
    assert [shard.number for shard in info.shards] == sorted(by_number)
    for child in info.shards:
        for number in (child.parent, child.adjacent_parent):
            if number is None:
                continue
            parent = by_number[number]
            assert parent.number < child.number
            assert parent.closed_ms is not None
            assert child.created_s > parent.closed_ms // 1000
            assert int(parent.ending_sequence or 0) < int(child.starting_sequence)
            assert first_key(child) <= first_key(parent) or child.adjacent_parent is None


class TestSplit:
    def test_exactly(self) -> None:
        after = split_shard(stream(), NOW_MS + 1000, shard=0, new_starting_hash_key=10)
        assert after.status is StreamStatus.UPDATING
        top = str(HASH_KEY_MAX)
        assert after.shards == (
            ShardInfo(0, NOW_S, "0", top, closed_ms=NOW_MS + 1000),
            ShardInfo(1, NOW_S + 2, "0", "9", parent=0),
            ShardInfo(2, NOW_S + 2, "10", top, parent=0),
        )

    @pytest.mark.parametrize(
        ("key", "good"), [(0, False), (1, False), (2, True), (98, True), (99, False), (100, False)]
    )
    def test_the_new_key_is_strictly_inside(self, key: int, good: bool) -> None:
        """The shard has 0 … 99: greater than one plus its first, less than its last."""
        info = active(split_shard(stream(), NOW_MS, shard=0, new_starting_hash_key=100))
        if good:
            assert len(split_shard(info, NOW_MS, shard=1, new_starting_hash_key=key).open_shards) == 3
            return
        with pytest.raises(InvalidArgument) as caught:
            split_shard(info, NOW_MS, shard=1, new_starting_hash_key=key)
        assert str(caught.value) == (
            f"NewStartingHashKey {key} used in SplitShard() on shard {shard_id(1)} {OF} is not both greater than one "
            "plus the shard's StartingHashKey 0 and less than the shard's EndingHashKey 99."
        )

    def test_created_after_its_parent_however_fast(self) -> None:
        info = stream()
        for _ in range(5):
            newest = info.open_shards[-1]
            info = active(split_shard(info, NOW_MS, shard=newest.number, new_starting_hash_key=middle(newest)))
        check_invariants(info)
        assert info.shards[-1].created_s == NOW_S + 5


class TestMerge:
    def test_exactly(self) -> None:
        after = merge_shards(stream(3), NOW_MS, shard=1, adjacent=2)
        first, _, last = stream(3).shards[0], stream(3).shards[1], stream(3).shards[2]
        assert [shard.is_open for shard in after.shards] == [True, False, False, True]
        start = str(int(first.last_hash_key) + 1)
        assert after.shards[3] == ShardInfo(3, NOW_S + 1, start, last.last_hash_key, parent=1, adjacent_parent=2)

    @pytest.mark.parametrize(("shard", "adjacent"), [(0, 2), (1, 0), (1, 1), (2, 0)])
    def test_neighbours_in_order_only(self, shard: int, adjacent: int) -> None:
        with pytest.raises(InvalidArgument) as caught:
            merge_shards(stream(3), NOW_MS, shard=shard, adjacent=adjacent)
        assert str(caught.value) == (
            f"Shards {shard_id(shard)} and {shard_id(adjacent)} {OF} are not an adjacent pair of shards eligible for "
            "merging"
        )


CLOSED = (
    f"Shard {shard_id(0)} {OF} has already been merged or split, and thus is not eligible for merging or splitting."
)
RULES = {
    "split": partial(split_shard, shard=0, new_starting_hash_key=50),
    "merge": partial(merge_shards, shard=0, adjacent=1),
    "update": partial(update_shard_count, target=2),
}
ONCE_SPLIT = active(split_shard(stream(2), NOW_MS, shard=0, new_starting_hash_key=1000))
REFUSED = [
    ("split", stream(2, mode=StreamMode.ON_DEMAND), ValidationFailed, "Request is invalid. Stream s under account 123456789012 is in On-Demand mode."),
    ("merge", stream(2, mode=StreamMode.ON_DEMAND), ValidationFailed, "Request is invalid. Stream s under account 123456789012 is in On-Demand mode."),
    ("update", stream(2, mode=StreamMode.ON_DEMAND), ValidationFailed, "Request is invalid. Stream s under account 123456789012 is in On-Demand mode."),
    ("split", stream(2, status=StreamStatus.UPDATING), StreamNotActive, "Stream s under account 123456789012 not ACTIVE, instead in state UPDATING"),
    ("merge", stream(2, status=StreamStatus.CREATING), StreamNotActive, "Stream s under account 123456789012 not ACTIVE, instead in state CREATING"),
    ("update", stream(2, status=StreamStatus.DELETING), StreamNotActive, "Stream s under account 123456789012 not ACTIVE, instead in state DELETING"),
    ("split", ONCE_SPLIT, InvalidArgument, CLOSED),
    ("merge", ONCE_SPLIT, InvalidArgument, CLOSED),
    ("merge", stream(1), ResourceNotFound, f"Could not find shard {shard_id(1)} {OF}."),
    ("update", stream(5), InvalidArgument, "UpdateShardCount cannot scale down below half your current open shard count. Current open shard count: 5 Target shard count: 2"),
    ("split", stream(10_000), LimitExceeded, "Stream s under account 123456789012 cannot have more than 10000 shards, 10001 were asked for."),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "info", "error", "message"), REFUSED)
def test_refused(rule: str, info: StreamInfo, error: type[StreamcoreError], message: str) -> None:
    with pytest.raises(error) as caught:
        RULES[rule](info, NOW_MS)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("shards", "target", "good"), [(1, 2, True), (1, 3, False), (4, 2, True), (5, 3, True), (4, 4, True)]
)
def test_up_to_twice_and_down_to_half(shards: int, target: int, good: bool) -> None:
    if good:
        assert len(update_shard_count(stream(shards), NOW_MS, target=target).open_shards) == target
    else:
        with pytest.raises(InvalidArgument, match="cannot scale up over double your current open shard count"):
            update_shard_count(stream(shards), NOW_MS, target=target)


def test_ten_thousand_at_most() -> None:
    with pytest.raises(LimitExceeded):
        update_shard_count(stream(5001), NOW_MS, target=10_001)
    after = update_shard_count(stream(5000), NOW_MS, target=10_000)
    assert (len(after.open_shards), len(after.shards)) == (10_000, 15_000)


def test_ten_times_in_a_day() -> None:
    info = stream()
    for _ in range(10):
        info = active(update_shard_count(info, NOW_MS, target=1))
    with pytest.raises(LimitExceeded) as caught:
        update_shard_count(info, NOW_MS + 24 * 3_600_000 - 1, target=1)
    assert str(caught.value) == (
        "UpdateShardCount can be called 10 times in 24 hours for stream s under account 123456789012."
    )
    update_shard_count(info, NOW_MS + 24 * 3_600_000, target=1)


def test_the_quota_of_an_account() -> None:
    scope = Scope("123456789012", "eu-west-1")
    check_account_shards(scope, 499, 1, 500)
    check_account_shards(scope, 600, 0, 500)
    with pytest.raises(LimitExceeded, match=r"Current shard count for the account: 499. Limit: 500. .* request: 2\."):
        check_account_shards(scope, 499, 2, 500)


# ---------------------------------------------------------------- properties

KEYS = st.integers(0, HASH_KEY_MAX)
STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 2**31), KEYS, st.integers(0, 3000)), max_size=25)


@settings(deadline=None)
@given(st.integers(1, 7), STEPS, st.lists(KEYS, max_size=20))
def test_every_key_has_one_open_shard_through_any_sequence(
    count: int, steps: list[tuple[bool, int, int, int]], keys: list[int]
) -> None:
    info, at_ms = stream(count), NOW_MS
    for is_split, choice, key, later_ms in steps:
        at_ms += later_ms
        ordered = open_ordered(info)
        chosen = ordered[choice % len(ordered)]
        try:
            if is_split:
                info = active(split_shard(info, at_ms, shard=chosen.number, new_starting_hash_key=key))
            else:
                follower = ordered[(choice + 1) % len(ordered)]
                info = active(merge_shards(info, at_ms, shard=chosen.number, adjacent=follower.number))
        except InvalidArgument:
            continue
        check_invariants(info)
    router = ShardMap(info.shards)
    for key in [*keys, 0, HASH_KEY_MAX, *(first_key(shard) for shard in info.open_shards)]:
        holders = [s.number for s in info.open_shards if first_key(s) <= key <= int(s.last_hash_key)]
        assert holders == [router.route_hash(key)]


@settings(deadline=None)
@given(st.integers(1, 60), st.lists(st.integers(1, 120), min_size=1, max_size=6))
def test_uniform_scaling_makes_equal_shards(count: int, targets: list[int]) -> None:
    info = stream(count)
    for target in targets:
        current = len(info.open_shards)
        wanted = min(max(target, -(-current // 2)), 2 * current)
        before = len(info.shards)
        info = active(update_shard_count(info, NOW_MS, target=wanted))
        check_invariants(info)
        ordered = open_ordered(info)
        assert len(ordered) == wanted
        ideal = (HASH_KEY_MAX + 1) // wanted
        assert all(abs(width(shard) - ideal) <= 2 * DUST + wanted for shard in ordered)
        if wanted == current:
            assert len(info.shards) == before  # nothing to do
        elif wanted == 2 * current:
            assert len(info.shards) == before + wanted  # one split each, no sliver
        elif 2 * wanted == current:
            assert len(info.shards) == before + wanted  # one merge each


@settings(deadline=None)
@given(st.lists(KEYS, min_size=1, max_size=12, unique=True), st.integers(1, 24))
def test_uniform_scaling_from_any_layout(keys: list[int], target: int) -> None:
    """However the ranges were cut, also with slivers of a few keys, the result is uniform."""
    info = stream()
    for key in keys:
        shard = next(s for s in info.open_shards if first_key(s) <= key <= int(s.last_hash_key))
        try:
            info = active(split_shard(info, NOW_MS, shard=shard.number, new_starting_hash_key=key))
        except InvalidArgument:
            continue
    current = len(info.open_shards)
    wanted = min(max(target, -(-current // 2)), 2 * current)
    info = active(update_shard_count(info, NOW_MS, target=wanted))
    check_invariants(info)
    assert len(info.open_shards) == wanted
    assert all(abs(width(s) - (HASH_KEY_MAX + 1) // wanted) <= 2 * DUST + wanted for s in info.open_shards)


def test_a_lineage_gets_logarithmically_deeper() -> None:
    """A single wide shard beside many narrow ones: its children are not created minutes in the future."""
    info = stream()
    for _ in range(10):
        lowest = open_ordered(info)[0]
        info = active(split_shard(info, NOW_MS, shard=lowest.number, new_starting_hash_key=middle(lowest)))
    deepest = max(shard.created_s for shard in info.shards)
    after = update_shard_count(info, NOW_MS, target=20)
    assert max(shard.created_s for shard in after.shards) <= deepest + 8
