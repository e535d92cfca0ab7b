"""Records that the Kinesis Producer Library packed into one, taken apart; for handlers to import.

    from runtime.aggregation import deaggregate

    def handler(event, context):
        for record in deaggregate(event):
            base64.b64decode(record["kinesis"]["data"])

Needs nothing but the standard library. The format (aggregation-format.md of the KPL): four bytes of magic, a protobuf
message, and the MD5 of that message.

    message AggregatedRecord { repeated string partition_key_table = 1; repeated string explicit_hash_key_table = 2;
                               repeated Record records = 3; }
    message Record { required uint64 partition_key_index = 1; optional uint64 explicit_hash_key_index = 2;
                     required bytes data = 3; repeated Tag tags = 4; }
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

MAGIC: Final = b"\xf3\x89\x9a\xc2"
DIGEST_BYTES: Final = 16
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_MAX_BITS: Final = 64


class UserRecord(NamedTuple):
    """A record as it was given to the producer."""

    partition_key: str
    data: bytes
    explicit_hash_key: str | None = None


def deaggregate(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The user records in a Kinesis event (or in one of its records), in the form of an event's records.

    A user record has its own `partitionKey` and `data`, the `sequenceNumber` of what it came in, its place there as
    `subSequenceNumber`, `aggregated`, and `explicitHashKey` where one was given. A record that is not aggregated, or
    whose MD5 is wrong, is left as it is. To report one as failed, name its `sequenceNumber`: all that came with it is
    sent again.
    """
    records = event.get("Records", [event])
    return [each for record in records for each in _apart(record)]


def user_records(data: bytes) -> list[UserRecord] | None:
    """What is packed into a record's data; None when it is not aggregated, or damaged."""
    message, digest = data[len(MAGIC) : -DIGEST_BYTES], data[-DIGEST_BYTES:]
    if not data.startswith(MAGIC) or len(data) < len(MAGIC) + DIGEST_BYTES:
        return None
    if hashlib.md5(message, usedforsecurity=False).digest() != digest:
        return None
    try:
        return _records(message)
    except (ValueError, IndexError):  # it has a good MD5 and is still no message: somebody else's bytes
        return None


def _apart(record: dict[str, Any]) -> list[dict[str, Any]]:
    kinesis = record["kinesis"]
    try:
        found = user_records(base64.b64decode(kinesis["data"]))
    except binascii.Error:
        found = None
    if found is None:
        return [record]
    return [{**record, "kinesis": {**kinesis, **_members(number, each)}} for number, each in enumerate(found)]


def _members(number: int, record: UserRecord) -> dict[str, Any]:
    members = {
        "partitionKey": record.partition_key,
        "data": base64.b64encode(record.data).decode(),
        "subSequenceNumber": number,
        "aggregated": True,
    }
    if record.explicit_hash_key is not None:
        members["explicitHashKey"] = record.explicit_hash_key
    return members


def _records(message: bytes) -> list[UserRecord]:
    """Raises ValueError, IndexError."""
    keys, hash_keys, records = [], [], []
    for field, value in _fields(message):
        if field == 1:
            keys.append(_bytes(value).decode())
        elif field == 2:
            hash_keys.append(_bytes(value).decode())
        elif field == 3:
            records.append(dict(_fields(_bytes(value))))
    found = []
    for each in records:
        key, data, hash_key = each.get(1), each.get(3), each.get(2)
        if not isinstance(key, int) or (hash_key is not None and not isinstance(hash_key, int)):
            raise ValueError("a record has no key")
        explicit = None if hash_key is None else hash_keys[hash_key]
        found.append(UserRecord(keys[key], _bytes(data), explicit))
    return found


def _bytes(value: bytes | int | None) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("bytes are wanted")
    return value


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Field number and value of each field of a protobuf message. Raises ValueError, IndexError."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        field, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            number, at = _varint(message, at)
            yield field, number
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"no wire type {kind}")
        if at + size > len(message):
            raise ValueError("a field is cut off")
        yield field, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift >= _VARINT_MAX_BITS:
            raise ValueError("a number is too long")
