"""Requests and answers as values, so that every API is reached without an HTTP library (tests call it directly, and
HTTP/1.1 and HTTP/2 are two front doors of the same thing)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple, Protocol


class Request(NamedTuple):
    """`headers` have lower-case names; `path` is still percent-encoded; `query` is without its question mark."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    query: str = ""


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes = b""


class StreamingResponse(NamedTuple):
    """An answer whose body comes in pieces; closing the iterator ends it."""

    status: int
    headers: dict[str, str]
    events: AsyncIterator[bytes]


class Api(Protocol):
    """What the server hands a request to. It answers every request and raises nothing."""

    async def handle(self, request: Request) -> Response | StreamingResponse: ...

    def start_draining(self) -> None:
        """The server is about to stop: whoever waits for something new gets an answer now."""
