"""Partition keys and explicit hash keys."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamcore.errors import InvalidArgument
from streamcore.model.hashing import HASH_KEY_MAX, hash_key, parse_hash_key


@pytest.mark.parametrize(
    ("key", "digest"),
    [  # RFC 1321, A.5
        ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
    ],
)
def test_md5_vectors(key: str, digest: str) -> None:
    assert hash_key(key.encode()).hex() == digest


@given(st.text(min_size=1, max_size=256).filter(lambda text: text.isprintable()))
def test_it_is_md5_of_utf_8(key: str) -> None:
    assert hash_key(key.encode()) == hashlib.md5(key.encode(), usedforsecurity=False).digest()


@given(st.integers(0, HASH_KEY_MAX))
def test_every_number_in_the_range(value: int) -> None:
    assert parse_hash_key(str(value)) == value


@pytest.mark.parametrize("value", [0, 1, HASH_KEY_MAX - 1, HASH_KEY_MAX])
def test_both_ends_belong_to_it(value: int) -> None:
    assert parse_hash_key(str(value)) == value


@pytest.mark.parametrize(
    "text", [str(HASH_KEY_MAX + 1), "-1", "", "00", "01", "1e3", "1.0", " 1", "1 ", "0x1", "١", "1" * 5000, "1_0"]
)
def test_beyond_the_range(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_hash_key(text)
    assert len(str(caught.value)) < 300
