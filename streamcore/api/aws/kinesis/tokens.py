"""NextToken of the listings: opaque, good for 300 seconds (facts sheet 1.2).

    base64 ( version 1 │ CRC32 of the rest 4 │ msgpack array: issued ms, then the listing's own fields )

A token holds no secret and grants nothing: what it points at is looked up in the caller's scope again. The checksum
only tells a token from arbitrary text.
"""

from __future__ import annotations

import binascii
import struct
from base64 import b64decode, b64encode
from typing import Final, TypeVar
from zlib import crc32

import msgspec

from streamcore.errors import InvalidArgument, TokenExpired
from streamcore.model import limits

_VERSION: Final = 1
_HEAD: Final = struct.Struct(">BI")


class Page(msgspec.Struct, frozen=True, array_like=True):
    """Where a listing goes on. Each listing has its own subclass."""

    issued_ms: int


P = TypeVar("P", bound=Page)


def encode_token(page: Page) -> str:
    body = msgspec.msgpack.encode(page)
    return b64encode(_HEAD.pack(_VERSION, crc32(body)) + body).decode()


def decode_token(token: str, kind: type[P], now_ms: int) -> P:
    """Raises InvalidArgument for what was not issued by this listing, TokenExpired after 300 s."""
    try:
        raw = b64decode(token, validate=True)
        version, checksum = _HEAD.unpack_from(raw)
        body = raw[_HEAD.size :]
        if version != _VERSION or checksum != crc32(body):
            raise InvalidArgument("NextToken is invalid.")
        page = msgspec.msgpack.decode(body, type=kind)
    except (binascii.Error, ValueError, struct.error, msgspec.MsgspecError):
        raise InvalidArgument("NextToken is invalid.") from None
    if now_ms - page.issued_ms > limits.TOKEN_LIFETIME_MS:
        raise TokenExpired(f"NextToken has expired: it is good for {limits.TOKEN_LIFETIME_MS // 1000} seconds.")
    return page
