"""Sequence numbers: Amazon's layout, both ways, and the order that follows from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamcore.errors import InvalidArgument
from streamcore.model.sequence import INDEX_MAX, SequenceNumber, parse_sequence
from streamcore.model.stream import ShardInfo

seconds = st.integers(0, 2**36 - 1)
numbers = st.builds(
    SequenceNumber,
    shard_created_s=seconds,
    shard_number=st.integers(0, 2**32 - 1),
    running_index=st.integers(0, INDEX_MAX),
    record_s=seconds,
)


@given(numbers)
def test_what_is_written_is_read_back(number: SequenceNumber) -> None:
    assert parse_sequence(str(number)) == number


@given(st.one_of(st.text(max_size=60), st.from_regex(r"[0-9]{50,60}", fullmatch=True), st.integers(0).map(str)))
def test_what_parses_is_what_would_be_written(text: str) -> None:
    try:
        number = parse_sequence(text)
    except InvalidArgument:
        return
    assert str(number) == text


def test_layout() -> None:
    number = SequenceNumber(
        shard_created_s=0x1_2345_6789, shard_number=0x1B, running_index=0x42, record_s=0x1_2345_678A
    )
    #                       2 created   n index            00 record    shard    2
    assert f"{number.value:x}" == "2123456789b00000000000000420012345678a0000001b2"
    assert len(f"{number.value:x}") == 47


def test_it_looks_like_amazons() -> None:
    # 56 digits that begin with 49, as in Amazon's documentation.
    text = str(SequenceNumber(1_700_000_000, 0, 1, 1_700_000_000))
    assert len(text) == 56
    assert text.startswith("49")


@given(
    st.integers(0, 2**33), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), seconds, seconds,
    st.integers(0, INDEX_MAX),
)  # fmt: skip
def test_a_child_exceeds_its_parent(
    created_s: int, parent: int, child: int, parent_s: int, child_s: int, parent_index: int
) -> None:
    last_of_parent = SequenceNumber(created_s, parent, parent_index, parent_s)
    first_of_child = SequenceNumber(created_s + 1, child, 0, child_s)
    assert first_of_child.value > last_of_parent.value


@given(numbers, seconds)
def test_the_index_orders_before_the_time(number: SequenceNumber, later_s: int) -> None:
    follower = number._replace(running_index=number.running_index + 1, record_s=later_s)
    assert follower.value > number.value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "1",
        "-5",
        "49.0",
        "٤٩",
        "9" * 130,
        "0" + str(SequenceNumber(1, 2, 3, 4)),
        str(SequenceNumber(1, 2, 3, 4).value + 1),  # another version
        str(SequenceNumber(1, 2, 3, 4).value | 1 << 72),  # the unknown byte is 00
        str(SequenceNumber(1, 2, 3, 4).value ^ 1 << 144),  # the nibble is not the shard's
        str(SequenceNumber(1, 2, INDEX_MAX + 1, 4)),
        str(SequenceNumber(1, 2, 3, 4).value << 4),
    ],
)
def test_what_is_not_a_sequence_number(text: str) -> None:
    with pytest.raises(InvalidArgument, match="is not valid"):
        parse_sequence(text)


def test_ends_of_a_shard() -> None:
    shard = ShardInfo(number=3, created_s=100, first_hash_key="0", last_hash_key="9", closed_ms=200_999)
    assert parse_sequence(shard.starting_sequence) == SequenceNumber(100, 3, 0, 100)
    assert parse_sequence(str(shard.ending_sequence)) == SequenceNumber(100, 3, INDEX_MAX, 200)
    assert ShardInfo(number=3, created_s=100, first_hash_key="0", last_hash_key="9").ending_sequence is None
