"""For the tests of the front doors: an API with one path per behaviour, a server in front of it, an HTTP/2 client."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import Event
from hyperframe.frame import Frame, GoAwayFrame

from streamcore.api.http import Request, Response, StreamingResponse
from streamcore.api.server import HttpServer
from streamcore.config import settings


class Ticks:
    """Events that come when the test says so; knows whether it was closed."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.made = 0
        self.closed = asyncio.Event()

    def __aiter__(self) -> Ticks:
        return self

    async def __anext__(self) -> bytes:
        event = await self.queue.get()
        if event is None:
            raise StopAsyncIteration
        self.made += 1
        return event

    async def aclose(self) -> None:
        self.closed.set()


class TestApi:
    __test__ = False

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.gate = asyncio.Event()
        self.entered = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.ticks = Ticks()
        self.drained = False

    async def handle(self, request: Request) -> Response | StreamingResponse:
        self.requests.append(request)
        match request.path:
            case "/wait":
                self.entered.set()
                try:
                    await self.gate.wait()
                except asyncio.CancelledError:
                    self.cancelled.set()
                    raise
                return Response(200, {}, b"waited")
            case "/ticks":
                return StreamingResponse(200, {"content-type": "text/plain"}, self.ticks)
            case "/big":
                return Response(200, {}, bytes(int(request.query)))
            case "/nothing":
                return Response(204, {})
            case "/fault":
                raise ZeroDivisionError
        return Response(200, {"Content-Type": "text/plain", "x-size": str(len(request.body))}, request.body[:1000])

    def start_draining(self) -> None:
        self.drained = True
        self.ticks.queue.put_nowait(None)


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[tuple[HttpServer, TestApi]]:
    api = TestApi()
    server = HttpServer(settings(**{"port": 0, "drain_s": 0.2} | options), {}, api)
    await server.start()
    try:
        yield server, api
    finally:
        await server.stop()


def port_of(server: HttpServer, which: int = 0) -> int:
    return int(server.urls[which].rpartition(":")[2])


async def eventually(is_so: Callable[[], object]) -> None:
    """Turns the loop until it is so."""
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110  what is looked at is the server's, which has no event to wait for
            await asyncio.sleep(0)


class Answer:
    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = b""
        self.pieces: list[bytes] = []
        self.ended = False
        self.reset: int | None = None

    @property
    def status(self) -> int:
        return int(self.headers[":status"])

    @property
    def is_over(self) -> bool:
        return self.ended or self.reset is not None


class ClientH2(H2Connection):
    """h2 takes a GOAWAY for the end; clients go on reading the answers that are due."""

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        terminated = events.ConnectionTerminated()
        terminated.error_code = ErrorCodes(frame.error_code)
        terminated.last_stream_id = frame.last_stream_id
        return [], [terminated]


class Http2Client:
    """h2 over asyncio's streams. It opens its windows only as told by `takes`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, takes: bool = True) -> None:
        self.reader, self.writer = reader, writer
        self.h2 = ClientH2(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.answers: dict[int, Answer] = {}
        self.informational: list[int] = []
        self.goaway: events.ConnectionTerminated | None = None
        self.takes = takes
        self.is_closed = False
        self.flush()

    @classmethod
    async def connect(cls, port: int, tls: ssl.SSLContext | None = None, *, takes: bool = True) -> Http2Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=tls), takes=takes)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, port: int, tls: ssl.SSLContext | None = None, *, takes: bool = True
    ) -> AsyncIterator[Http2Client]:
        client = await cls.connect(port, tls, takes=takes)
        try:
            yield client
        finally:
            await client.close()

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    def begin(self, path: str = "/", method: str = "POST", end: bool = False, **headers: str) -> int:
        stream_id = self.h2.get_next_available_stream_id()
        fields = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "test")]
        fields += [(name.replace("_", "-"), value) for name, value in headers.items()]
        self.h2.send_headers(stream_id, fields, end_stream=end)
        self.answers[stream_id] = Answer()
        self.flush()
        return stream_id

    async def send_body(self, stream_id: int, body: bytes) -> None:
        view = memoryview(body)
        while view:
            await self.until(lambda: self.h2.local_flow_control_window(stream_id) > 0)
            size = min(self.h2.local_flow_control_window(stream_id), self.h2.max_outbound_frame_size, len(view))
            self.h2.send_data(stream_id, view[:size].tobytes(), end_stream=size == len(view))
            view = view[size:]
            self.flush()

    async def request(self, path: str = "/", body: bytes = b"", method: str = "POST", **headers: str) -> Answer:
        stream_id = self.begin(path, method, end=not body, **headers)
        if body:
            await self.send_body(stream_id, body)
        return await self.answer(stream_id)

    async def answer(self, stream_id: int) -> Answer:
        answer = self.answers[stream_id]
        await self.until(lambda: answer.is_over)
        return answer

    async def until(self, is_done: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not is_done() and not self.is_closed:
                await self.read()
        assert is_done(), "the server closed the connection"

    async def closed(self) -> None:
        async with asyncio.timeout(20):
            while not self.is_closed:
                await self.read()

    async def read(self) -> None:
        try:
            data = await self.reader.read(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.is_closed = True
            return
        for event in self.h2.receive_data(data):
            self._on(event)
        self.flush()

    def take(self, stream_id: int, size: int) -> None:
        self.h2.increment_flow_control_window(size, stream_id)
        self.h2.increment_flow_control_window(size)
        self.flush()

    def _on(self, event: Event) -> None:
        match event:
            case events.ResponseReceived():
                self.answers[event.stream_id].headers = dict(event.headers)
            case events.InformationalResponseReceived():
                self.informational.append(int(dict(event.headers)[":status"]))
            case events.DataReceived():
                answer = self.answers[event.stream_id]
                answer.body += event.data
                answer.pieces.append(event.data)
                if self.takes and event.flow_controlled_length:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case events.StreamEnded():
                self.answers[event.stream_id].ended = True
            case events.StreamReset():
                self.answers[event.stream_id].reset = int(event.error_code)
            case events.ConnectionTerminated():
                self.goaway = event

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            pass
