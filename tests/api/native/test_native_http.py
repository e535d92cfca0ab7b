"""The native API over real sockets, with clients that behave badly."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from streamcore.api.door import BODY_MAX_BYTES
from streamcore.broker import Broker

SHARD = "shardId-000000000000"
PUT = "POST /v1/streams/s/records HTTP/1.1\r\nhost: x\r\n"
POLL = (
    f"GET /v1/streams/s/shards/{SHARD}/records?position=index:1000&wait_ms=30000 HTTP/1.1\r\nhost: x\r\n\r\n".encode()
)
LIST = b"GET /v1/streams HTTP/1.1\r\nhost: x\r\n\r\n"


class Socket:
    """A client that says what it is told, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int) -> Socket:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers, body of the next answer."""
        async with asyncio.timeout(20):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")[:-2]
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
            body = await self._reader.readexactly(int(headers.get("content-length", 0)))
            return int(lines[0].split()[1]), headers, body

    async def is_closed(self) -> bool:
        async with asyncio.timeout(20):
            try:
                return await self._reader.read(1) == b""
            except ConnectionError:
                return True

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            pass

    def vanish(self) -> None:
        """Resets the connection, as a machine that lost its network."""
        self._writer.transport.abort()


@pytest.fixture
async def sockets() -> Any:
    opened: list[Socket] = []

    async def connect(port: int) -> Socket:
        opened.append(await Socket.connect(port))
        return opened[-1]

    yield connect
    for socket in opened:
        await socket.close()


def body_of(*datas: bytes) -> bytes:
    return msgspec.msgpack.encode({"keys": ["k"] * len(datas), "data": list(datas)})


def put_request(*datas: bytes) -> bytes:
    body = body_of(*datas)
    return f"{PUT}content-length: {len(body)}\r\n\r\n".encode() + body


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  the server has no event for it
            await asyncio.sleep(0.001)


async def stored(broker: Broker) -> list[bytes]:
    return [record.data for record in (await broker.read("s", SHARD, 0)).records()]


async def test_requests_on_one_connection(serve: Any, sockets: Any, broker: Broker) -> None:
    _, port = await serve()
    socket = await sockets(port)
    for i in range(5):
        await socket.send(put_request(b"%d" % i))
        assert (await socket.answer())[0] == 200
    await socket.send(b"".join(put_request(b"p%d" % i) for i in range(5)))  # pipelined
    assert [(await socket.answer())[0] for _ in range(5)] == [200] * 5
    assert await stored(broker) == [b"%d" % i for i in range(5)] + [b"p%d" % i for i in range(5)]


async def test_head_and_http_1_0(serve: Any, sockets: Any) -> None:
    _, port = await serve()
    socket = await sockets(port)
    await socket.send(LIST.replace(b"GET", b"HEAD"))
    async with asyncio.timeout(20):
        assert (await socket._reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 405 ")
    socket = await sockets(port)
    await socket.send(LIST.replace(b"1.1", b"1.0"))
    assert (await socket.answer())[0] == 200
    assert await socket.is_closed()


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_that_is_too_large(serve: Any, sockets: Any, broker: Broker, declared: bool) -> None:
    server, port = await serve()
    socket = await sockets(port)
    if declared:
        await socket.send(f"{PUT}content-length: {BODY_MAX_BYTES + 1}\r\n\r\n".encode())
    else:
        await socket.send(f"{PUT}transfer-encoding: chunked\r\n\r\n".encode())
        piece = bytes(1024 * 1024)
        try:
            for _ in range(BODY_MAX_BYTES // len(piece) + 1):
                await socket.send(b"100000\r\n" + piece + b"\r\n")
        except ConnectionError:
            pass  # it does not listen to the end
    status, headers, _ = await socket.answer()
    assert (status, headers["connection"]) == (413, "close")
    await socket.close()
    await until(lambda: server._door.inflight_bytes == 0)
    assert await stored(broker) == []


@pytest.mark.parametrize(
    "request_bytes", [b"hello\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\x16\x03\x01\x00\r\n\r\n", b"\0" * 100 + b"\r\n\r\n"]
)
async def test_what_is_not_http(serve: Any, sockets: Any, request_bytes: bytes) -> None:
    server, port = await serve()
    socket = await sockets(port)
    await socket.send(request_bytes)
    assert (await socket.answer())[0] == 400
    assert await socket.is_closed()
    await until(lambda: server.connections == 0)


@pytest.mark.parametrize("length", ["-5", "x", "5, 6", "99999999999999999999999"])
async def test_lengths_that_are_none(serve: Any, sockets: Any, length: str) -> None:
    _, port = await serve()
    socket = await sockets(port)
    await socket.send(f"{PUT}content-length: {length}\r\n\r\n".encode())
    assert (await socket.answer())[0] in (400, 413)


async def test_a_chunked_body(serve: Any, sockets: Any, broker: Broker) -> None:
    server, port = await serve()
    socket = await sockets(port)
    body = body_of(b"in", b"pieces")
    await socket.send(f"{PUT}transfer-encoding: chunked\r\n\r\n".encode())
    for i in range(len(body)):
        await socket.send(b"1\r\n" + body[i : i + 1] + b"\r\n")
    await socket.send(b"0\r\n\r\n")
    assert (await socket.answer())[0] == 200
    assert await stored(broker) == [b"in", b"pieces"]
    assert server._door.inflight_bytes == 0


async def test_expect_100_continue(serve: Any, sockets: Any, broker: Broker) -> None:
    _, port = await serve()
    socket = await sockets(port)
    body = body_of(b"expected")
    await socket.send(f"{PUT}expect: 100-continue\r\ncontent-length: {len(body)}\r\n\r\n".encode())
    assert (await socket.answer())[0] == 100
    await socket.send(body)
    assert (await socket.answer())[0] == 200
    await socket.send(put_request(b"next"))
    assert (await socket.answer())[0] == 200
    assert await stored(broker) == [b"expected", b"next"]


async def test_expect_100_continue_of_too_much(serve: Any, sockets: Any) -> None:
    _, port = await serve()
    socket = await sockets(port)
    await socket.send(f"{PUT}expect: 100-continue\r\ncontent-length: {BODY_MAX_BYTES + 1}\r\n\r\n".encode())
    assert (await socket.answer())[0] == 413  # without asking for the body


async def test_a_body_that_comes_too_slowly(serve: Any, sockets: Any, broker: Broker) -> None:
    server, port = await serve(request_timeout_s=0.05)
    slow, neighbour = await sockets(port), await sockets(port)
    body = body_of(b"slow")
    await slow.send(f"{PUT}content-length: {len(body)}\r\n\r\n".encode() + body[:3])
    await neighbour.send(put_request(b"quick"))
    assert (await neighbour.answer())[0] == 200
    status, headers, _ = await slow.answer()
    assert (status, headers["connection"]) == (408, "close")
    assert await slow.is_closed()
    assert server._door.inflight_bytes == 0
    assert await stored(broker) == [b"quick"]


@pytest.mark.parametrize("start", [b"", b"POST /v1/stre", b"POST / HTTP/1.1\r\nhost: x\r\nx-a: "])
async def test_a_head_that_never_ends(serve: Any, sockets: Any, start: bytes) -> None:
    server, port = await serve(request_timeout_s=0.05)
    socket = await sockets(port)
    if start:
        await socket.send(start)
    assert (await socket.answer())[0] == 408
    assert await socket.is_closed()
    await until(lambda: server.connections == 0)


async def test_an_idle_connection_is_kept(serve: Any, sockets: Any) -> None:
    # The time for a request begins with a connection's first one, not after each answer.
    server, port = await serve()
    socket = await sockets(port)
    await until(lambda: server.connections == 1)
    assert len(server._listener.sniffing) == 1
    await socket.send(LIST)
    assert (await socket.answer())[0] == 200
    assert not server._listener.sniffing
    await socket.send(LIST)
    assert (await socket.answer())[0] == 200


async def test_a_client_that_vanishes_in_mid_body(serve: Any, sockets: Any, broker: Broker) -> None:
    server, port = await serve()
    neighbour = await sockets(port)
    for _ in range(20):
        socket = await Socket.connect(port)
        await socket.send(f"{PUT}content-length: 1000000\r\n\r\n".encode() + b"x" * 1000)
        await until(lambda: server._door.inflight_bytes >= 1_000_000)
        socket.vanish()
        await until(lambda: server._door.inflight_bytes == 0)
    await neighbour.send(put_request(b"still served"))
    assert (await neighbour.answer())[0] == 200
    await until(lambda: server.connections == 1)
    assert await stored(broker) == [b"still served"]


async def test_a_client_that_vanishes_while_it_waits(serve: Any, sockets: Any, broker: Broker) -> None:
    server, port = await serve()
    shard = broker.catalog.find("s", broker.settings.scope).shard(SHARD)
    gone = [await Socket.connect(port) for _ in range(10)]
    stays = await sockets(port)
    for socket in (*gone, stays):
        await socket.send(POLL.replace(b"index:1000", b"latest"))
    await until(lambda: len(shard._waiters) == 11)
    for socket in gone:
        socket.vanish()
    await until(lambda: server.connections == 1)
    await broker.put_record("s", "k", b"news")
    status, _, body = await stays.answer()
    assert (status, msgspec.msgpack.decode(body)["chunks"][0][4]) == (200, [b"news"])
    await until(lambda: len(shard._waiters) == 0)


async def test_a_put_whose_client_vanished_is_stored_with_its_neighbours(
    serve: Any, sockets: Any, broker: Broker
) -> None:
    server, port = await serve()
    gone = [await Socket.connect(port) for _ in range(10)]
    stays = await sockets(port)
    for i, socket in enumerate(gone):
        await socket.send(put_request(b"gone %d" % i))
        socket.vanish()
    await stays.send(put_request(b"stays"))
    assert (await stays.answer())[0] == 200
    await until(lambda: server.connections == 1)
    assert b"stays" in await stored(broker)
    assert server._door.inflight_bytes == 0


async def test_too_many_connections(serve: Any, sockets: Any) -> None:
    server, port = await serve(max_connections=3)
    first = [await sockets(port) for _ in range(3)]
    for socket in first:
        await socket.send(LIST)
        assert (await socket.answer())[0] == 200
    for _ in range(3):
        refused = await sockets(port)
        assert (await refused.answer())[0] == 503
        assert await refused.is_closed()
    await first[0].send(LIST)
    assert (await first[0].answer())[0] == 200
    await first[1].close()
    await until(lambda: server.connections == 2)
    late = await sockets(port)
    await late.send(LIST)
    assert (await late.answer())[0] == 200


@pytest.mark.parametrize("chunked", [False, True])
async def test_too_many_bytes_in_flight(serve: Any, sockets: Any, broker: Broker, chunked: bool) -> None:
    server, port = await serve(max_inflight_bytes=1_000_000 if not chunked else BODY_MAX_BYTES)
    size = "transfer-encoding: chunked" if chunked else "content-length: 800000"
    holder, refused = await sockets(port), await sockets(port)
    await holder.send(f"{PUT}{size}\r\n\r\n".encode())
    await until(lambda: server._door.inflight_bytes > 0)
    await refused.send(f"{PUT}{size}\r\n\r\n".encode())
    status, headers, _ = await refused.answer()
    assert (status, headers["retry-after"]) == (503, "1")
    await holder.close()
    await until(lambda: server._door.inflight_bytes == 0)
    again = await sockets(port)
    await again.send(put_request(b"now"))
    assert (await again.answer())[0] == 200


async def test_a_large_answer_to_a_slow_reader_holds_nobody_up(serve: Any, sockets: Any, broker: Broker) -> None:
    _, port = await serve()
    await broker.put_records("s", ["k"] * 9, [bytes(1024 * 1024)] * 9)
    slow, quick = await sockets(port), await sockets(port)
    await slow.send(POLL.replace(b"index:1000", b"trim_horizon"))
    for _ in range(5):
        await quick.send(LIST)
        assert (await quick.answer())[0] == 200
    status, _, body = await slow.answer()
    assert (status, len(body) > 9 * 1024 * 1024) == (200, True)


async def test_stop_answers_who_waits_and_leaves_nothing(serve: Any, sockets: Any) -> None:
    server, port = await serve(drain_s=3600)
    waiting = [await sockets(port) for _ in range(5)]
    for socket in waiting:
        await socket.send(POLL)
    idle = await sockets(port)
    await idle.send(LIST)
    await idle.answer()
    async with asyncio.timeout(20):  # of the hour that requests in progress have
        await server.stop()
    for socket in waiting:
        assert (await socket.answer())[0] == 200
        assert await socket.is_closed()
    assert await idle.is_closed()
    assert server.connections == 0
    with pytest.raises(OSError):
        await Socket.connect(port)
