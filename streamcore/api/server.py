"""The HTTP/1.1 front door, on aiohttp's low-level server: bounded bodies in, whole answers out, or piece by piece where
an API wants it. The only aiohttp of the
broker; the APIs behind it see `api.http.Request`. HTTP/2 comes in by the same sockets: `listener.py`, `http2.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final, cast

from aiohttp import ClientError, web
from aiohttp.http import HttpProcessingError, HttpVersion11
from aiohttp.web_exceptions import HTTPRequestEntityTooLarge

from streamcore.api.door import STREAM_HELD_BYTES, BodyLimit, Claims, Door
from streamcore.api.http import Api, BodyBroken, Request, Response, StreamingResponse, StreamsBody
from streamcore.api.http1 import EVENT_STALL_S, Handler
from streamcore.api.http2 import Http2Server
from streamcore.api.listener import Listener
from streamcore.api.tls import server_context, utc
from streamcore.clock import SystemClock
from streamcore.config import Auth, Settings

log = logging.getLogger(__name__)

_STATUS_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}" for status in HTTPStatus}
#: Up to this size an answer is copied behind its head to be one packet; larger ones go as two pieces.
_JOIN_MAX_BYTES: Final = 65536


#: What aiohttp raises when the rest of a body does not come; the last one when the connection is closed already.
_GONE: Final = (ConnectionError, ClientError, HttpProcessingError, RuntimeError)


class HttpServer:
    """Listens and hands every request to the API whose path prefix it has; the last resort is `fallback`."""

    def __init__(
        self,
        settings: Settings,
        apis: dict[str, Api],
        fallback: Api,
        body_limit: BodyLimit | None = None,
        *,
        streams: StreamsBody | None = None,
        claims: Claims | None = None,
    ) -> None:
        """`streams` says which bodies an API takes piece by piece, `claims` which requests are the fallback's whatever
        their path."""
        self._settings = settings
        self._tells_peer = settings.auth is not Auth.OFF
        self._door = Door(settings, apis, fallback, body_limit, streams, claims)
        self._http = _BoundedServer(self._handle, self._door, settings)
        self._http2 = Http2Server(settings, self._door)
        self._listener = Listener(settings, self._http, self._http2, self._handed_over, self._door.clients)
        self.urls: list[str] = []

    async def start(self) -> str:
        """Accepts from now on; returns the plain URL, `urls` has all. Raises OSError when an address cannot be had,
        ConfigError for a certificate that cannot be used."""
        tls = server_context(self._settings, utc(SystemClock().now_ms()))
        self.urls = await self._listener.start(tls)
        return self.urls[0]

    async def stop(self) -> None:
        """Accepts no more, lets requests in progress end within the setting's time, then cuts them."""
        self._listener.close()
        self._door.start_draining()
        self._http.pre_shutdown()  # idle connections go now, busy ones after their answer
        drain_s = self._settings.drain_s
        await asyncio.gather(self._http.shutdown(drain_s), self._http2.shutdown(drain_s))

    def _handed_over(self) -> int:
        return self._http.open_count + len(self._http2.connections)

    @property
    def connections(self) -> int:
        return self._listener.open_connections

    # ------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        client, clients = cast(Handler, request.protocol).client, self._door.clients
        if not clients.begin(client):
            return _whole(self._door.too_many(), keep_alive=False)
        try:
            return await self._answer(request)
        finally:
            clients.end(client)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        content = request.content
        # Most requests came whole in one read: those are answered without another turn of the loop.
        is_whole = content.is_eof()
        is_streamed = not is_whole and self._door.streams(request.method, path, request.headers, query)
        size = STREAM_HELD_BYTES if is_streamed else self._size_of(request, path)
        refusal = self._door.refuse(size, request.method, path)
        if refusal is not None:
            return _whole(refusal, keep_alive=False)
        self._door.inflight_bytes += size
        try:
            body = b"" if is_streamed else content.read_nowait() if is_whole else await self._body(request)
            stream = self._pieces(request) if is_streamed else None
            api = self._door.api(path, request.headers, query)
            peer = _Peer(request) if self._tells_peer else None
            work = api.handle(Request(request.method, path, request.headers, body, query, stream, peer))
            if request.method == "GET" or is_streamed:
                with self._http.cancelled_when_lost(request):
                    answer = await work
            else:
                answer = await work
        except HTTPRequestEntityTooLarge:
            return _whole(self._door.too_large(request.method, path), keep_alive=False)
        except TimeoutError:
            return _whole(self._door.too_slow(), keep_alive=False)
        except BodyBroken:
            return _whole(Response(400, {}), keep_alive=False)  # nobody is there to read it
        finally:
            self._door.inflight_bytes -= size
        if isinstance(answer, StreamingResponse):
            with self._http.cancelled_when_lost(request):  # at once, not only at the next event
                return await _stream(request, answer)
        # What is left of a body that nobody wanted would be taken for the next request.
        keep_alive = request.keep_alive and (not is_streamed or content.is_eof())
        return _whole(answer, keep_alive=keep_alive, is_head=request.method == "HEAD")

    async def _pieces(self, request: web.BaseRequest) -> AsyncIterator[bytes]:
        """The body as it comes. aiohttp stops reading the socket while nobody asks."""
        content = request.content
        await self._tell_to_go_on(request)
        while not content.at_eof():  # `is_eof` is true already while the end waits to be read
            try:
                async with asyncio.timeout(self._settings.request_timeout_s):
                    piece = await content.readany()
            except TimeoutError:
                raise BodyBroken(is_late=True) from None
            except _GONE:
                raise BodyBroken(is_late=False) from None
            if piece:
                yield piece

    def _size_of(self, request: web.BaseRequest, path: str) -> int:
        """What the body may take: its announced length, or the most there may be when it comes in chunks."""
        headers = request.headers
        if "transfer-encoding" in headers:
            return self._door.body_limit(request.method, path)
        return int(headers.get("content-length", 0))

    async def _body(self, request: web.BaseRequest) -> bytes:
        await self._tell_to_go_on(request)
        async with asyncio.timeout(self._settings.request_timeout_s):
            try:
                return await request.read()
            except _GONE:
                raise BodyBroken(is_late=False) from None

    async def _tell_to_go_on(self, request: web.BaseRequest) -> None:
        if request.headers.get("expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0


class _BoundedServer(web.Server):
    """aiohttp's connection handling with bounds: on bodies here, on heads and answers in `http1.py`, on connections in
    `listener.py`. The reads of a client that vanished are cancelled, or they would wait on; its writes go on, as they
    are under way."""

    def __init__(self, handler: Callable[[web.BaseRequest], Any], door: Door, settings: Settings) -> None:
        super().__init__(handler, request_factory=self._make_bounded)
        self._door = door
        self._settings = settings
        self._reading: dict[Any, asyncio.Task[Any] | None] = {}

    def __call__(self) -> Handler:
        return Handler(
            self, self._settings, loop=self._loop, access_log=None, auto_decompress=False, lingering_time=2.0
        )

    @property
    def open_count(self) -> int:
        return len(self._connections)

    @contextmanager
    def cancelled_when_lost(self, request: web.BaseRequest) -> Iterator[None]:
        self._reading[request.protocol] = asyncio.current_task()
        try:
            yield
        finally:
            self._reading.pop(request.protocol, None)

    def _make_bounded(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        loop = asyncio.get_running_loop()
        most = self._door.body_limit(message.method, message.path.partition("?")[0])
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=most)

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        self._door.clients.disconnect(handler.client)
        task = self._reading.pop(handler, None)
        if task is not None:
            task.cancel()


class _Peer:
    """The other end of a request's connection."""

    __slots__ = ("_request",)

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request

    @property
    def address(self) -> str:
        return self._request.remote or ""

    @property
    def is_tls(self) -> bool:
        return self._request.transport is not None and self._request.secure


def _whole(answer: Response, *, keep_alive: bool, is_head: bool = False) -> web.StreamResponse:
    # aiohttp asks nothing more of an answer than what _Whole has; inheriting would cost its constructor each time.
    return cast(web.StreamResponse, _Whole(answer, keep_alive, is_head))


class _Whole:
    """An answer that is known whole: one write of head and body, without aiohttp's header machinery (a third of the
    cost of a small request)."""

    __slots__ = ("_answer", "_is_head", "keep_alive")

    def __init__(self, answer: Response, keep_alive: bool, is_head: bool) -> None:
        self._answer = answer
        self._is_head = is_head
        self.keep_alive = keep_alive

    @property
    def status(self) -> int:
        return self._answer.status

    async def prepare(self, request: web.BaseRequest) -> None:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client went away")
        answer = self._answer
        body = answer.body
        lines = [_STATUS_LINES.get(answer.status) or f"HTTP/1.1 {answer.status} Unknown"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.cookies:
            lines += [f"set-cookie: {cookie}" for cookie in answer.cookies]
        if not self.keep_alive:
            lines.append("connection: close")
        elif request.version < HttpVersion11:
            lines.append("connection: keep-alive")
        if self._is_head or answer.status in (204, 304):
            lines.append("\r\n")
            body = b""
        else:
            lines.append(f"content-length: {len(body)}\r\n\r\n")
        head = "\r\n".join(lines).encode("latin-1")
        if len(body) < _JOIN_MAX_BYTES:
            transport.write(head + body)
        else:
            transport.writelines((head, body))
        if request.protocol.writing_paused:
            await request.protocol._drain_helper()

    async def write_eof(self, data: bytes = b"") -> None:
        """All was written by `prepare`."""


async def _stream(request: web.BaseRequest, answer: StreamingResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    for cookie in answer.cookies:
        response.headers.add("set-cookie", cookie)
    if "content-length" not in response.headers:
        response.enable_chunked_encoding()
    events: AsyncIterator[bytes] = answer.events
    handler = cast(Handler, request.protocol)
    usual_s, handler.stall_s = handler.stall_s, EVENT_STALL_S
    try:
        await response.prepare(request)
        async for event in events:
            await response.write(event)
    except ConnectionError:
        log.debug("a reader of %s went away", request.rel_url.path)
    finally:
        handler.stall_s = usual_s
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()
    return response
