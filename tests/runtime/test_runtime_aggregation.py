"""Taking records of the Kinesis Producer Library apart. The conformance tests hold it against aws-kinesis-agg."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.aggregation import MAGIC, UserRecord, deaggregate, user_records


def varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def sealed(message: bytes) -> bytes:
    return MAGIC + message + hashlib.md5(message).digest()


def packed(records: list[UserRecord]) -> bytes:
    keys = list(dict.fromkeys(record.partition_key for record in records))
    hash_keys = list(dict.fromkeys(r.explicit_hash_key for r in records if r.explicit_hash_key is not None))
    message = b"".join(field(1, key.encode()) for key in keys)
    message += b"".join(field(2, key.encode()) for key in hash_keys)
    for record in records:
        inner = field(1, keys.index(record.partition_key))
        if record.explicit_hash_key is not None:
            inner += field(2, hash_keys.index(record.explicit_hash_key))
        tag = field(4, field(1, b"name") + field(2, b"value"))
        message += field(3, inner + field(3, record.data) + tag)
    return sealed(message)


def event_record(data: bytes, number: str = "49") -> dict[str, Any]:
    kinesis = {"partitionKey": "p", "sequenceNumber": number, "data": base64.b64encode(data).decode()}
    return {"kinesis": kinesis, "eventID": f"shardId-000000000000:{number}"}


USER_RECORDS = st.builds(
    UserRecord, st.text(min_size=1, max_size=20), st.binary(max_size=300), st.none() | st.integers(0, 2**128).map(str)
)


@given(st.lists(USER_RECORDS, max_size=20))
def test_what_was_packed_comes_out(records: list[UserRecord]) -> None:
    assert user_records(packed(records)) == records


def test_the_records_of_an_event() -> None:
    inside = [UserRecord("a", b"1"), UserRecord("b", b"2", "7")]
    plain = event_record(b"plain", "50")
    taken = deaggregate({"Records": [event_record(packed(inside)), plain]})
    assert taken[2] is plain
    assert [each["eventID"] for each in taken[:2]] == ["shardId-000000000000:49"] * 2
    assert taken[1]["kinesis"] == {
        "partitionKey": "b",
        "sequenceNumber": "49",
        "subSequenceNumber": 1,
        "aggregated": True,
        "explicitHashKey": "7",
        "data": base64.b64encode(b"2").decode(),
    }
    assert deaggregate(event_record(packed(inside)))[0]["kinesis"]["partitionKey"] == "a"


GOOD = packed([UserRecord("a", b"1")])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"plain",
        MAGIC,
        MAGIC + b"x" * 15,
        GOOD[:-1] + b"\0",
        GOOD[:8] + b"\0" + GOOD[9:],
        sealed(b"\xff" * 30),
        sealed(field(3, field(1, 5) + field(3, b"1"))),
        sealed(field(3, field(3, b"1"))),
        sealed(field(1, b"a") + field(3, field(1, 0))),
        sealed(field(1, b"\xff")),
        sealed(b"\x0a\x7f"),
        sealed(b"\x0b"),
    ],
)
def test_what_is_not_aggregated_stays(data: bytes) -> None:
    assert user_records(data) is None
    record = event_record(data)
    assert deaggregate(record) == [record]


@given(st.binary(max_size=200))
def test_no_bytes_are_an_error(message: bytes) -> None:
    user_records(message)
    user_records(sealed(message))
