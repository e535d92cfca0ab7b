"""Reading HTTP/1.1 answers as cheaply as possible: status line, Content-Length or chunked, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

Answer = tuple[int, bytes]

_LENGTH = b"\r\ncontent-length:"
_CHUNKED = b"\r\ntransfer-encoding: chunked"
_LAST_CHUNK = b"0\r\n\r\n"


def _join_chunks(body: bytes) -> bytes | None:
    """The payload of a complete chunked body without trailers, or None while it is incomplete."""
    parts: list[bytes] = []
    position = 0
    while (line_end := body.find(b"\r\n", position)) >= 0:
        size_bytes = int(body[position:line_end].split(b";")[0], 16)
        if size_bytes == 0:
            return b"".join(parts) if body.startswith(b"\r\n", line_end + 2) else None
        position = line_end + 2
        parts.append(body[position : position + size_bytes])
        position += size_bytes + 2
    return None


class AnswerParser:
    """Feed it what arrives; it gives the answer back when it is whole. Requests must not be pipelined."""

    __slots__ = ("_body_at", "_buffer", "_size_bytes")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._body_at = 0  # 0 until the head is complete
        self._size_bytes = -1  # of head and body; -1 when chunked

    def feed(self, data: bytes) -> Answer | None:
        if not self._buffer:
            return self._feed_first(data)
        self._buffer += data
        if self._body_at == 0:
            whole = bytes(self._buffer)
            self._buffer.clear()
            return self._feed_first(whole)
        if self._size_bytes >= 0 and len(self._buffer) < self._size_bytes:
            return None
        return self._finish(bytes(self._buffer))

    def _feed_first(self, data: bytes) -> Answer | None:
        head_end = data.find(b"\r\n\r\n")
        if head_end < 0:
            self._buffer += data
            return None
        self._body_at = head_end + 4
        self._size_bytes = self._total_size_bytes(data[:head_end].lower())
        if 0 <= self._size_bytes <= len(data) or (self._size_bytes < 0 and data.endswith(_LAST_CHUNK)):
            return self._finish(data)
        self._buffer += data
        return None

    def _total_size_bytes(self, head: bytes) -> int:
        at = head.find(_LENGTH)
        if at >= 0:
            value_at = at + len(_LENGTH)
            line_end = head.find(b"\r", value_at)
            return self._body_at + int(head[value_at : line_end if line_end >= 0 else len(head)])
        return -1 if _CHUNKED in head else self._body_at

    def _finish(self, whole: bytes) -> Answer | None:
        body: bytes | None = whole[self._body_at :]
        if self._size_bytes < 0:
            body = _join_chunks(whole[self._body_at :]) if whole.endswith(_LAST_CHUNK) else None
        if body is None:
            self._buffer[:] = whole
            return None
        self._buffer.clear()
        self._body_at = 0
        return int(whole[9:12]), body


class Connection(asyncio.Protocol):
    """One keep-alive connection. Who opened it decides in `on_answer` what is sent next."""

    __slots__ = ("_on_answer", "_on_lost", "_parser", "number", "scheduled_ns", "send")

    def __init__(
        self, on_answer: Callable[[Connection, int, bytes], None], on_lost: Callable[[Connection], None]
    ) -> None:
        self._on_answer = on_answer
        self._on_lost = on_lost
        self._parser = AnswerParser()
        self.scheduled_ns = 0  # of the request in flight, and its number; open loop only
        self.number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.send = cast(asyncio.WriteTransport, transport).write

    def data_received(self, data: bytes) -> None:
        answer = self._parser.feed(data)
        if answer is not None:
            self._on_answer(self, answer[0], answer[1])

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost(self)
