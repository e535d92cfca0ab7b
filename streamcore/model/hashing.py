"""Partition key → 128-bit hash key (facts: MD5 of the UTF-8 key, read as a big-endian integer).

Hash keys are kept as their 16 big-endian bytes: comparing those is comparing the integers, and no 128-bit arithmetic is
needed on the hot path.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from streamcore.errors import InvalidArgument

try:  # the interpreter's own MD5 costs half of OpenSSL's per short key, and is there on FIPS machines too
    md5: Callable[[bytes], Any] = importlib.import_module("_md5").md5
except ImportError:  # an interpreter built without it
    md5 = partial(hashlib.md5, usedforsecurity=False)

HASH_KEY_MAX: Final = 2**128 - 1


def hash_key(partition_key: bytes) -> bytes:
    """The 16 bytes of a partition key's hash key; the key in UTF-8."""
    digest: bytes = md5(partition_key).digest()
    return digest


def parse_hash_key(text: str) -> int:
    """An ExplicitHashKey or NewStartingHashKey: decimal, 0 … 2^128-1 inclusive.

    Raises InvalidArgument beyond that range (both ends belong to it).
    """
    well_formed = text.isascii() and text.isdigit() and len(text) <= 39 and (len(text) == 1 or text[0] != "0")
    value = int(text) if well_formed else -1
    if not 0 <= value <= HASH_KEY_MAX:
        raise InvalidArgument(
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
            f"Specified value was {text[:64]}"
        )
    return value
