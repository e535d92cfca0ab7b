"""Shard iterators: opaque, signed, good for 300 seconds (facts sheet 1.3)."""

from __future__ import annotations

import base64
import binascii
import struct
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Final, NamedTuple

from streamcore.errors import InvalidArgument, IteratorExpired
from streamcore.model import limits


class IteratorType(StrEnum):
    AT_SEQUENCE_NUMBER = "AT_SEQUENCE_NUMBER"
    AFTER_SEQUENCE_NUMBER = "AFTER_SEQUENCE_NUMBER"
    TRIM_HORIZON = "TRIM_HORIZON"
    LATEST = "LATEST"
    AT_TIMESTAMP = "AT_TIMESTAMP"


class ShardIterator(NamedTuple):
    """A place in a shard: the next index to read there. `stream_id` is of one incarnation of a stream."""

    stream_id: int
    shard_number: int
    next_index: int
    issued_ms: int

    def encode(self, secret: bytes) -> str:
        body = _BODY.pack(_VERSION, *self)
        return base64.b64encode(body + _seal(body, secret)).decode()


_VERSION: Final = 1
_BODY: Final = struct.Struct(">BIIQQ")
_SEAL_BYTES: Final = 16


def _seal(body: bytes, secret: bytes) -> bytes:
    return blake2b(body, key=secret, digest_size=_SEAL_BYTES).digest()


def decode_iterator(token: str, secret: bytes, now_ms: int) -> ShardIterator:
    """Opens a token. Raises InvalidArgument for one that was not issued here, IteratorExpired after 300 s."""
    try:
        raw = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidArgument("Invalid ShardIterator.") from None
    body, seal = raw[: _BODY.size], raw[_BODY.size :]
    if len(raw) != _BODY.size + _SEAL_BYTES or seal != _seal(body, secret) or body[0] != _VERSION:
        raise InvalidArgument("Invalid ShardIterator.")
    iterator = ShardIterator(*_BODY.unpack(body)[1:])
    if now_ms - iterator.issued_ms > limits.ITERATOR_LIFETIME_MS:
        raise IteratorExpired(
            created=aws_time(iterator.issued_ms), now=aws_time(now_ms), tolerated_ms=limits.ITERATOR_LIFETIME_MS
        )
    return iterator


def aws_time(at_ms: int) -> str:
    """`Tue Nov 14 22:13:20 UTC 2023`, the form in which AWS's texts give a time."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
