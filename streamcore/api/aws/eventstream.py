"""Frames of `application/vnd.amazon.eventstream`, in which SubscribeToShard answers (facts sheet 1.1).

    ┌──────────────┬────────────────┬──────────────────┬─────────┬─────────┬───────────────────────┐
    │ total length │ headers length │ CRC32 of those 8 │ headers │ payload │ CRC32 of all before it│
    │ 4            │ 4              │ 4                │ n       │ m       │ 4                     │
    └──────────────┴────────────────┴──────────────────┴─────────┴─────────┴───────────────────────┘
    header: name length 1 │ name │ type 1 (7 = string) │ value length 2 │ value          all numbers big-endian

The first frame of a JSON service is an `initial-response`; botocore refuses a stream that begins otherwise.
"""

from __future__ import annotations

import struct
from typing import Final
from zlib import crc32

CONTENT_TYPE: Final = "application/vnd.amazon.eventstream"

_STRING: Final = 7
_PRELUDE: Final = struct.Struct(">II")
_CRC: Final = struct.Struct(">I")
_VALUE: Final = struct.Struct(">BH")


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One frame."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = _PRELUDE.pack(16 + len(head) + len(payload), len(head))
    body = b"".join((prelude, _CRC.pack(crc32(prelude)), head, payload))
    return body + _CRC.pack(crc32(body))


def _header(name: str, value: str) -> bytes:
    raw_name, raw = name.encode(), value.encode()
    return bytes([len(raw_name)]) + raw_name + _VALUE.pack(_STRING, len(raw)) + raw


def initial_response(content_type: str, payload: bytes) -> bytes:
    """The first frame; its payload is the action's plain output, `{}` for SubscribeToShard."""
    return event("initial-response", content_type, payload)


def event(kind: str, content_type: str, payload: bytes) -> bytes:
    """An event of the stream, such as `SubscribeToShardEvent`."""
    return frame({":message-type": "event", ":event-type": kind, ":content-type": content_type}, payload)


def exception(code: str, content_type: str, payload: bytes) -> bytes:
    """The last frame of a stream that failed; the client raises `code`."""
    return frame({":message-type": "exception", ":exception-type": code, ":content-type": content_type}, payload)
