"""Bodies that an API takes piece by piece, over both HTTPs: bounded by what is taken, in time, and left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from http_support import Http2Client, eventually, port_of

from streamcore.api.door import STREAM_HELD_BYTES
from streamcore.api.http import BodyBroken, Request, Response, StreamingResponse
from streamcore.api.http2 import STREAM_WINDOW_BYTES
from streamcore.api.server import HttpServer
from streamcore.config import settings

MIB = 1024 * 1024


class Taker:
    """Takes bodies: `/all` whole, `/slow` a piece whenever the gate is open, `/none` not at all."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.requests: list[Request] = []
        self.taken = 0
        self.broken: BodyBroken | None = None
        self.cancelled = False

    async def handle(self, request: Request) -> Response | StreamingResponse:
        self.requests.append(request)
        if request.path == "/none":
            return Response(404, {}, b"no")
        size = len(request.body)
        try:
            async for piece in request.stream or _nothing():
                size += len(piece)
                self.taken += len(piece)
                if request.path == "/slow":
                    await self.gate.wait()
        except BodyBroken as error:
            self.broken = error
            return Response(408 if error.is_late else 400, {})
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return Response(200, {}, str(size).encode())

    def start_draining(self) -> None:
        pass


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield


def streams(method: str, path: str, headers: Mapping[str, str], query: str) -> bool:
    return method == "PUT" and query != "whole"


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[tuple[HttpServer, Taker]]:
    api = Taker()
    server = HttpServer(settings(**{"port": 0, "drain_s": 0.2} | options), {}, api, streams=streams)
    await server.start()
    try:
        yield server, api
    finally:
        api.gate.set()
        await server.stop()
    assert server._door.inflight_bytes == 0


async def connect(server: HttpServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port_of(server))


def head(path: str, size: int, more: str = "") -> bytes:
    return f"PUT {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n{more}\r\n".encode()


async def answered(reader: asyncio.StreamReader) -> tuple[int, str, bytes]:
    """(status, head, body) of an answer with a length."""
    raw = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).decode()
    found = [line for line in raw.lower().splitlines() if line.startswith("content-length:")]
    body = await reader.readexactly(int(found[0].partition(":")[2])) if found else b""
    return int(raw.split()[1]), raw.lower(), body


async def test_a_body_larger_than_all_bounds() -> None:
    size = 40 * MIB
    async with serving(max_inflight_bytes=4 * MIB) as (server, _):
        reader, writer = await connect(server)
        writer.write(head("/all", size))
        for _ in range(40):
            writer.write(bytes(MIB))
            await writer.drain()
        assert await answered(reader) == (
            200,
            f"http/1.1 200 ok\r\ncontent-length: {len(str(size))}\r\n\r\n",
            b"41943040",
        )
        writer.write(head("/all?whole", size))  # nobody takes it by pieces: the bound holds
        assert (await answered(reader))[0] in (413, 503)
        writer.close()


async def test_a_small_body_comes_whole() -> None:
    async with serving() as (server, api):
        reader, writer = await connect(server)
        writer.write(head("/all", 3) + b"abc")
        assert (await answered(reader))[2] == b"3"
        assert (api.requests[0].body, api.requests[0].stream) == (b"abc", None)
        writer.close()


async def _sends(writer: asyncio.StreamWriter, size: int) -> bool:
    """Whether the other side takes so much."""
    writer.write(bytes(size))
    try:
        await asyncio.wait_for(writer.drain(), 0.3)
    except TimeoutError:
        return False
    return True


async def test_nothing_is_read_that_is_not_taken() -> None:
    async with serving() as (server, api):
        reader, writer = await connect(server)
        writer.write(head("/slow", 64 * MIB))
        sent = 0
        while sent < 64 and await _sends(writer, MIB):
            sent += 1
        assert api.taken < MIB
        assert server._door.inflight_bytes == STREAM_HELD_BYTES
        assert sent < 32  # what the kernel holds
        api.gate.set()
        for _ in range(64 - sent - 1):  # the last one still waits in the writer
            writer.write(bytes(MIB))
            await writer.drain()
        assert (await answered(reader))[2] == str(64 * MIB).encode()
        writer.close()


async def test_a_client_is_told_to_go_on_when_its_body_is_wanted() -> None:
    async with serving() as (server, _):
        reader, writer = await connect(server)
        writer.write(head("/all", 5, "expect: 100-continue\r\n"))
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"hello")
        assert (await answered(reader))[2] == b"5"
        writer.write(head("/none", 5, "expect: 100-continue\r\n"))
        status, raw, _ = await answered(reader)
        assert (status, "connection: close" in raw) == (404, True)
        writer.close()


async def test_a_client_that_goes_away() -> None:
    async with serving() as (server, api):
        _, writer = await connect(server)
        writer.write(head("/all", 10 * MIB) + bytes(MIB))
        await eventually(lambda: api.taken == MIB)
        writer.transport.abort()
        await eventually(lambda: api.cancelled or api.broken is not None)
        await eventually(lambda: server._door.inflight_bytes == 0)


async def test_a_client_that_stops_sending() -> None:
    async with serving(request_timeout_s=0.2) as (server, api):
        reader, writer = await connect(server)
        writer.write(head("/all", 10))
        assert (await answered(reader))[0] == 408
        assert api.broken is not None
        writer.close()


# ---------------------------------------------------------------- HTTP/2


async def test_h2_a_body_larger_than_all_bounds() -> None:
    async with serving(max_inflight_bytes=4 * MIB) as (server, _), Http2Client.open(port_of(server)) as client:
        answer = await client.request("/all", bytes(20 * MIB), method="PUT")
        assert (answer.status, answer.body) == (200, str(20 * MIB).encode())


async def test_h2_bodies_that_are_not_taken_hold_up_no_other() -> None:
    """Together they fill more than the window of the connection."""
    async with serving() as (server, api), Http2Client.open(port_of(server)) as client:
        slow = [client.begin("/slow", "PUT") for _ in range(5)]
        for stream in slow:
            await _fill(client, stream, STREAM_WINDOW_BYTES)
        answer = await client.request("/all", bytes(3 * MIB), method="PUT")
        assert answer.body == str(3 * MIB).encode()
        assert api.taken < 3 * MIB + 5 * STREAM_WINDOW_BYTES
        api.gate.set()
        for stream in slow:
            client.h2.end_stream(stream)
        client.flush()
        for stream in slow:
            assert (await client.answer(stream)).body == str(STREAM_WINDOW_BYTES).encode()


async def _fill(client: Http2Client, stream: int, left: int) -> None:
    while left:
        await client.until(lambda: client.h2.local_flow_control_window(stream) > 0)
        room = min(client.h2.local_flow_control_window(stream), client.h2.max_outbound_frame_size, left)
        client.h2.send_data(stream, bytes(room))
        client.flush()
        left -= room


async def test_h2_a_refusal_without_the_body() -> None:
    async with serving() as (server, _), Http2Client.open(port_of(server)) as client:
        stream = client.begin("/none", "PUT", content_length="1000000")
        answer = await client.answer(stream)
        assert (answer.status, answer.body) == (404, b"no")


async def test_h2_a_stream_that_is_taken_back() -> None:
    async with serving() as (server, api), Http2Client.open(port_of(server)) as client:
        stream = client.begin("/all", "PUT")
        client.h2.send_data(stream, b"abc")
        client.flush()
        await eventually(lambda: api.taken == 3)
        client.h2.reset_stream(stream)
        client.flush()
        await eventually(lambda: api.cancelled or api.broken is not None)
        assert (await client.request("/all", b"x", method="PUT")).body == b"1"


async def test_h2_a_client_that_stops_sending() -> None:
    async with serving(request_timeout_s=0.2) as (server, _), Http2Client.open(port_of(server)) as client:
        stream = client.begin("/all", "PUT")
        assert (await client.answer(stream)).status == 408
