"""Requests and answers as values, so that every API is reached without an HTTP library (tests call it directly, and
HTTP/1.1 and HTTP/2 are two front doors of the same thing)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from streamcore.identity.callers import Caller


class Peer(Protocol):
    """The other end of a connection; it is looked up when somebody asks."""

    @property
    def address(self) -> str: ...
    @property
    def is_tls(self) -> bool: ...


class Request(msgspec.Struct, frozen=True):
    """One HTTP request. `headers` finds names in any case; `path` and `query` (no `?`) are still percent-encoded.

    `stream` is there when the API asked for it (`StreamsBody`) and the body did not arrive whole with its head: then
    `body` is empty, and each piece is taken from the client when it is asked for. It raises `BodyBroken`. `peer` is
    told only where somebody decides by it. `caller` is who asks, for a request that was made within this process and is
    not signed; the front doors never set it.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    query: str = ""
    stream: AsyncIterator[bytes] | None = None
    peer: Peer | None = None
    caller: Caller | None = None


#: (method, path, headers, query) → whether an API wants the body of such a request piece by piece.
StreamsBody = Callable[[str, str, Mapping[str, str], str], bool]


class BodyBroken(Exception):
    """The rest of a body will not come. `is_late`: it did not come in time; else the client went away or sent
    nonsense."""

    def __init__(self, *, is_late: bool) -> None:
        super().__init__("the body did not arrive in time" if is_late else "the body broke off")
        self.is_late = is_late


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
    """An answer that goes on: each of `events` is sent as soon as it is there; closing the iterator ends it. With a
    `content-length` in the headers it has that many bytes; without, it is sent in chunks."""

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
