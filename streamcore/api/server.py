"""The HTTP/1.1 front door, on aiohttp's low-level server: bounded bodies in, whole answers out. The only aiohttp of the
broker; the APIs behind it see `api.http.Request`. HTTP/2 comes in by the same sockets (`listener.py`, `http2.py`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from aiohttp import web
from aiohttp.http import HttpVersion11
from aiohttp.web_exceptions import HTTPRequestEntityTooLarge

from streamcore.api.door import BODY_MAX_BYTES, Door
from streamcore.api.http import Api, Request, Response, StreamingResponse
from streamcore.api.http2 import Http2Server
from streamcore.api.listener import Listener
from streamcore.api.tls import server_context, utc
from streamcore.clock import SystemClock
from streamcore.config import Settings

log = logging.getLogger(__name__)

_REASONS: Final = {
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 400: "Bad Request", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 409: "Conflict",
    413: "Payload Too Large", 415: "Unsupported Media Type", 429: "Too Many Requests",
    500: "Internal Server Error", 503: "Service Unavailable", 507: "Insufficient Storage",
}  # fmt: skip


class HttpServer:
    """Listens and hands every request to the API whose path prefix it has; the last resort is `fallback`."""

    def __init__(self, settings: Settings, apis: dict[str, Api], fallback: Api) -> None:
        self._settings = settings
        self._door = Door(settings, apis, fallback)
        self._http = _BoundedServer(self._handle, settings.max_connections)
        self._http2 = Http2Server(settings, self._door)
        self._listener = Listener(settings, self._http, self._http2, lambda: self.connections)
        self.urls: list[str] = []

    async def start(self) -> str:
        """Accepts from now on; returns the URL. Raises OSError when the address cannot be had, ConfigError."""
        tls = server_context(self._settings, utc(SystemClock().now_ms()))
        self.urls = await self._listener.start(tls)
        return self.urls[0]

    async def stop(self) -> None:
        """Accepts no more, lets requests in progress end within the setting's time, then cuts them."""
        self._listener.close()
        self._door.start_draining()
        drain_s = self._settings.drain_s
        await asyncio.gather(self._http.shutdown(drain_s), self._http2.shutdown(drain_s))

    @property
    def connections(self) -> int:
        return self._http.open_count + len(self._http2.connections)

    # ------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        size = request.content_length if request.content_length is not None else 0
        if request.headers.get("transfer-encoding"):
            size = BODY_MAX_BYTES
        refusal = self._door.refuse(size)
        if refusal is not None:
            return _Whole(refusal, keep_alive=False)
        self._door.inflight_bytes += size
        try:
            return await self._answer(request)
        finally:
            self._door.inflight_bytes -= size

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            body = await self._body(request)
        except HTTPRequestEntityTooLarge:
            return _Whole(self._door.too_large(), keep_alive=False)
        except TimeoutError:
            return _Whole(self._door.too_slow(), keep_alive=False)
        message = request.rel_url
        path = message.raw_path.partition("?")[0]
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = await self._door.api(path).handle(
            Request(request.method, path, headers, body, message.raw_query_string)
        )
        if isinstance(answer, StreamingResponse):
            return await self._stream(request, answer)
        return _Whole(answer, keep_alive=request.keep_alive, is_head=request.method == "HEAD")

    async def _body(self, request: web.BaseRequest) -> bytes:
        if not request.body_exists:
            return b""
        if request.headers.get("expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        if request.content.is_eof():
            return await request.read()
        async with asyncio.timeout(self._settings.request_timeout_s):
            return await request.read()

    async def _stream(self, request: web.BaseRequest, answer: StreamingResponse) -> web.StreamResponse:
        """Sends what comes; a client that goes away ends it at once, not only at the next event."""
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        response.enable_chunked_encoding()
        events: AsyncIterator[bytes] = answer.events
        task = asyncio.current_task()
        self._http.streaming[request.protocol] = task
        try:
            await response.prepare(request)
            async for event in events:
                await response.write(event)
        except ConnectionError:
            log.debug("a reader of %s went away", request.rel_url.path)
        finally:
            self._http.streaming.pop(request.protocol, None)
            close = getattr(events, "aclose", None)
            if close is not None:
                await close()
        return response


class _BoundedServer(web.Server):
    """aiohttp's connection handling with a bound on connections and our bound on bodies."""

    def __init__(self, handler: Callable[[web.BaseRequest], Any], max_connections: int) -> None:
        super().__init__(
            handler, request_factory=self._make_bounded, access_log=None, auto_decompress=False, lingering_time=2.0
        )
        self._max_connections = max_connections
        #: The tasks of answers that go on, by connection.
        self.streaming: dict[Any, asyncio.Task[Any] | None] = {}

    @property
    def open_count(self) -> int:
        return len(self._connections)

    def _make_bounded(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        loop = asyncio.get_running_loop()
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=BODY_MAX_BYTES)

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        if len(self.connections) > self._max_connections:
            transport.write(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            transport.close()

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        task = self.streaming.pop(handler, None)
        if task is not None:
            task.cancel()


class _Whole(web.StreamResponse):
    """An answer that is known whole: one write of head and body, without aiohttp's header machinery (a third of the
    cost of a small request)."""

    def __init__(self, answer: Response, *, keep_alive: bool, is_head: bool = False) -> None:
        super().__init__(status=answer.status)
        self._answer = answer
        self._is_head = is_head
        self._keep = keep_alive

    @property
    def keep_alive(self) -> bool | None:
        return self._keep

    async def prepare(self, request: web.BaseRequest) -> None:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client went away")
        answer = self._answer
        status = answer.status
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if not self._keep:
            lines.append("connection: close")
        elif request.version < HttpVersion11:
            lines.append("connection: keep-alive")
        if self._is_head or status == 204:
            transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
            return
        lines.append(f"content-length: {len(answer.body)}\r\n\r\n")
        head = "\r\n".join(lines).encode("latin-1")
        transport.write(head + answer.body if len(answer.body) < 65536 else head)
        if len(answer.body) >= 65536:
            transport.write(answer.body)
            await request.protocol._drain_helper()

    async def write_eof(self, data: bytes = b"") -> None:
        """All was written by `prepare`."""
