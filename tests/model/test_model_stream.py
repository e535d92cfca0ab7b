"""Streams, their states, and which shard a key belongs to."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamcore.errors import InvalidArgument, ValidationFailed
from streamcore.model.hashing import HASH_KEY_MAX
from streamcore.model.stream import (
    SERVING,
    TRANSITIONS,
    Scope,
    ShardInfo,
    ShardMap,
    StreamInfo,
    StreamStatus,
    check_stream_name,
    parse_shard_id,
    parse_stream_arn,
    shard_id,
    uniform_shards,
)

keys_128 = st.one_of(st.integers(0, HASH_KEY_MAX), st.sampled_from([0, 1, 2**127 - 1, 2**127, HASH_KEY_MAX]))


@st.composite
def shard_maps(draw: st.DrawFn) -> tuple[ShardInfo, ...]:
    """Any partition of the key space into open shards, in any order, with closed parents among them."""
    cuts = sorted(draw(st.sets(st.integers(1, HASH_KEY_MAX), max_size=12)))
    edges = [0, *cuts, HASH_KEY_MAX + 1]
    count = len(edges) - 1
    order = draw(st.permutations(range(count)))
    shards = [
        ShardInfo(number=order[i], created_s=1, first_hash_key=str(low), last_hash_key=str(high - 1))
        for i, (low, high) in enumerate(itertools.pairwise(edges))
    ]
    shards.append(
        ShardInfo(number=count, created_s=1, first_hash_key="0", last_hash_key=str(HASH_KEY_MAX), closed_ms=2)
    )
    return tuple(draw(st.permutations(shards)))


def holders(shards: tuple[ShardInfo, ...], value: int) -> Iterator[int]:
    for shard in shards:
        if shard.is_open and int(shard.first_hash_key) <= value <= int(shard.last_hash_key):
            yield shard.number


@given(shard_maps(), keys_128)
def test_every_key_has_exactly_one_open_shard(shards: tuple[ShardInfo, ...], value: int) -> None:
    assert list(holders(shards, value)) == [ShardMap(shards).route_hash(value)]


@given(shard_maps(), st.text(min_size=1, max_size=20).filter(str.isprintable))
def test_a_partition_key_goes_where_its_md5_goes(shards: tuple[ShardInfo, ...], key: str) -> None:
    value = int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest(), "big")
    router = ShardMap(shards)
    assert [router.route(key.encode())] == list(holders(shards, value))


def test_the_edges_of_every_range() -> None:
    shards = uniform_shards(3, 1)
    router = ShardMap(shards)
    for shard in shards:
        assert router.route_hash(int(shard.first_hash_key)) == shard.number
        assert router.route_hash(int(shard.last_hash_key)) == shard.number


@given(st.integers(1, 2000), st.integers(0, 50))
def test_uniform_shards_share_the_space_in_exact_integers(count: int, first_number: int) -> None:
    shards = uniform_shards(count, 7, first_number)
    width = 2**128 // count
    assert [s.number for s in shards] == list(range(first_number, first_number + count))
    assert int(shards[0].first_hash_key) == 0
    assert int(shards[-1].last_hash_key) == 2**128 - 1
    assert [int(s.first_hash_key) for s in shards] == [width * i for i in range(count)]
    assert all(int(a.last_hash_key) + 1 == int(b.first_hash_key) for a, b in itertools.pairwise(shards))


def test_three_shards_as_amazon_cuts_them() -> None:
    assert [(s.first_hash_key, s.last_hash_key) for s in uniform_shards(3, 0)] == [
        ("0", "113427455640312821154458202477256070484"),
        ("113427455640312821154458202477256070485", "226854911280625642308916404954512140969"),
        ("226854911280625642308916404954512140970", "340282366920938463463374607431768211455"),
    ]


@pytest.mark.parametrize("count", [0, -1, 10_001])
def test_how_many_shards_there_may_be(count: int) -> None:
    with pytest.raises(InvalidArgument):
        uniform_shards(count, 1)


def a_stream(status: StreamStatus = StreamStatus.ACTIVE) -> StreamInfo:
    return StreamInfo(1, "orders", "000000000000", "us-east-1", 5, status, uniform_shards(2, 1))


ALLOWED = {
    ("CREATING", "ACTIVE"),
    ("CREATING", "DELETING"),
    ("ACTIVE", "UPDATING"),
    ("ACTIVE", "DELETING"),
    ("UPDATING", "ACTIVE"),
    ("UPDATING", "DELETING"),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(StreamStatus, StreamStatus)))
def test_transitions(before: StreamStatus, after: StreamStatus) -> None:
    stream = a_stream(before)
    if (before.value, after.value) in ALLOWED:
        assert stream.moved_to(after).status is after
    else:
        with pytest.raises(ValueError, match="cannot become"):
            stream.moved_to(after)


def test_the_table_names_every_state() -> None:
    assert set(TRANSITIONS) == set(StreamStatus)
    assert {StreamStatus.ACTIVE, StreamStatus.UPDATING} == SERVING


def test_a_stream_tells_what_it_is() -> None:
    stream = a_stream()
    assert stream.arn == "arn:aws:kinesis:us-east-1:000000000000:stream/orders"
    assert parse_stream_arn(stream.arn) == (stream.scope, "orders")
    assert stream.retention_ms == 86_400_000
    assert repr(stream) == "<Stream orders ACTIVE 2/2 shards open, 000000000000 us-east-1>"


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:kinesis:us-east-1:1234:stream/x",
        "arn:aws:kinesis:us-east-1:000000000000:stream/",
        "arn:aws:kinesis:us-east-1:000000000000:stream/a/b",
        "arn:aws:sqs:us-east-1:000000000000:stream/x",
        "arn:aws:kinesis:us-east-1:000000000000:stream/x\n",
        "arn:aws:kinesis:us-east-1:00000000000٠:stream/x",
        "",
    ],
)
def test_what_is_not_the_arn_of_a_stream(arn: str) -> None:
    with pytest.raises(ValidationFailed):
        parse_stream_arn(arn)


def test_arns_of_other_partitions() -> None:
    scope, name = parse_stream_arn("arn:aws-cn:kinesis:cn-north-1:123456789012:stream/a.b_c-D")
    assert (scope, name) == (Scope("123456789012", "cn-north-1"), "a.b_c-D")


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "x" * 128])
def test_good_names(name: str) -> None:
    assert check_stream_name(name) == name


@pytest.mark.parametrize("name", ["", "x" * 129, "a b", "a/b", "ä", "a\n", "a\0"])
def test_bad_names(name: str) -> None:
    with pytest.raises(ValidationFailed):
        check_stream_name(name)


@given(st.integers(0, 10**12 - 1))
def test_shard_ids(number: int) -> None:
    assert parse_shard_id(shard_id(number)) == number


@pytest.mark.parametrize("text", ["", "shardId-", "shardId-x", "shard-1", "shardId-0000000000001", "shardId-1\n", "-1"])
def test_what_is_not_a_shard_id(text: str) -> None:
    assert parse_shard_id(text) is None
