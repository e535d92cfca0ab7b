"""Requests and answers as values, so that every API is reached without an HTTP library (tests call it directly, and
HTTP/1.1 and HTTP/2 are two front doors of the same thing)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import msgspec


class Request(msgspec.Struct, frozen=True):
    """One HTTP request. `headers` finds names in any case; `path` and `query` (no `?`) are still percent-encoded."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    query: str = ""


class Response(msgspec.Struct, frozen=True):
    """One HTTP answer. `operation` (`kinesis.PutRecords`) and `error` (AWS's code) are for metrics and logs; `cookies`
    are the Set-Cookie headers, the only ones that may be there several times."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    operation: str = ""
    error: str = ""
    cookies: tuple[str, ...] = ()


class StreamingResponse(msgspec.Struct, frozen=True):
    """An answer that goes on: each of `events` is sent as soon as it is there; closing the iterator ends it."""

    status: int
    headers: dict[str, str]
    events: AsyncIterator[bytes]
    operation: str = ""
    error: str = ""
    cookies: tuple[str, ...] = ()


class Api(Protocol):
    """What the server hands a request to. It answers every request and raises nothing."""

    async def handle(self, request: Request) -> Response | StreamingResponse: ...

    def start_draining(self) -> None:
        """The server is about to stop: whoever waits for something new gets an answer now."""
