"""Shard iterators: signed, opaque, good for 300 seconds."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamcore.errors import InvalidArgument, IteratorExpired
from streamcore.model.iterator import ShardIterator, aws_time, decode_iterator

SECRET = b"s" * 32
NOW_MS = 1_700_000_000_000
TOKEN = ShardIterator(7, 3, 42, NOW_MS).encode(SECRET)

places = st.builds(
    ShardIterator,
    stream_id=st.integers(0, 2**32 - 1),
    shard_number=st.integers(0, 2**32 - 1),
    next_index=st.integers(0, 2**64 - 1),
    issued_ms=st.integers(0, 2**53),
)


@given(places)
def test_what_is_issued_is_opened(place: ShardIterator) -> None:
    token = place.encode(SECRET)
    assert decode_iterator(token, SECRET, place.issued_ms) == place
    assert len(token) <= 512


def forged(position: int) -> str:
    raw = bytearray(base64.b64decode(TOKEN))
    raw[position] ^= 1
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize(
    "token",
    [
        *(forged(position) for position in range(len(base64.b64decode(TOKEN)))),
        TOKEN[:-4],
        TOKEN[4:],
        TOKEN + "AAAA",
        TOKEN + " ",
        TOKEN.replace("=", ""),
        "",
        "AAAA",
        "not base64!",
        "ä" * 40,
        ShardIterator(7, 3, 42, NOW_MS).encode(b"another secret"),
    ],
)
def test_forged_and_truncated(token: str) -> None:
    if token == TOKEN:
        pytest.skip("the token has no padding to lose")
    with pytest.raises(InvalidArgument, match=r"^Invalid ShardIterator\.$"):
        decode_iterator(token, SECRET, NOW_MS)


@given(st.text(max_size=100))
def test_junk(token: str) -> None:
    with pytest.raises(InvalidArgument):
        decode_iterator(token, SECRET, NOW_MS)


def test_good_for_exactly_300_seconds() -> None:
    assert decode_iterator(TOKEN, SECRET, NOW_MS + 300_000).next_index == 42
    with pytest.raises(IteratorExpired) as caught:
        decode_iterator(TOKEN, SECRET, NOW_MS + 300_001)
    assert str(caught.value) == (
        "Iterator expired. The iterator was created at time Tue Nov 14 22:13:20 UTC 2023 while right now it is "
        "Tue Nov 14 22:18:20 UTC 2023 which is further in the future than the tolerated delay of 300000 milliseconds."
    )


def test_time_in_amazons_form() -> None:
    assert aws_time(0) == "Thu Jan 01 00:00:00 UTC 1970"
