"""What clients that mean no good, or do not know better, can make the server hold: heads without end, answers that
nobody takes, connections by the thousand, more than their share."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from http_support import Http2Client, eventually, port_of, serving

from streamcore.api import clients
from streamcore.api.clients import Clients, address_of, is_own
from streamcore.config import settings

GET = b"GET /x HTTP/1.1\r\nhost: test\r\n\r\n"
MIB = 1024 * 1024


Talk = Callable[..., Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    """Opens connections, which are closed at the end."""
    writers: list[asyncio.StreamWriter] = []

    async def talk(port: int, limit: int = 65536) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=limit)
        writers.append(writer)
        return reader, writer

    yield talk
    for writer in writers:
        writer.close()


async def head_of(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)


# ---------------------------------------------------------------- heads


@pytest.mark.parametrize("first", [b"", GET], ids=["first", "second"])
async def test_a_head_that_trickles(first: bytes, talk: Talk) -> None:
    """Bytes now and then do not keep a head from being late, whether it is the connection's first or not."""
    async with serving(request_timeout_s=0.1) as (server, _):
        reader, writer = await talk(port_of(server))
        if first:
            writer.write(first)
            assert (await head_of(reader)).startswith(b"HTTP/1.1 200 ")
        writer.write(b"GET /x HTTP/1.1\r\nx-a: ")
        answer = asyncio.create_task(reader.read())
        while not answer.done():
            writer.write(b"a")
            await asyncio.wait([answer], timeout=0.02)
        assert answer.result().startswith(b"HTTP/1.1 408 ")
        await eventually(lambda: server.connections == 0)


HEADS = {
    "one header": b"x-a: " + b"a" * 20_000 + b"\r\n",
    "many headers": b"".join(b"x-%d: %s\r\n" % (number, b"a" * 200) for number in range(100)),
    "more than anybody has": b"".join(b"x-%d: a\r\n" % number for number in range(1000)),
    "the line": b"",
}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("pieces", [1, 7], ids=["at once", "in pieces"])
async def test_a_head_that_is_too_large(name: str, pieces: int, talk: Talk) -> None:
    async with serving(max_header_bytes=16_384) as (server, api):
        reader, writer = await talk(port_of(server))
        path = b"/x" * (10_000 if name == "the line" else 1)
        head = b"GET " + path + b" HTTP/1.1\r\nhost: test\r\n" + HEADS[name] + b"\r\n"
        for at in range(pieces):
            writer.write(head[len(head) * at // pieces : len(head) * (at + 1) // pieces])
            await asyncio.sleep(0)
        with suppress(ConnectionResetError):  # it closed while more was on its way
            answer = await asyncio.wait_for(reader.read(), 5)
            assert answer.split(b" ")[1] in (b"400", b"431")
        assert api.requests == []
        await eventually(lambda: server.connections == 0)


async def test_a_head_within_the_bound(talk: Talk) -> None:
    async with serving(max_header_bytes=16_384) as (server, api):
        reader, writer = await talk(port_of(server))
        writer.write(GET[:-2] + b"x-a: " + b"a" * 15_000 + b"\r\n\r\n")
        assert (await head_of(reader)).startswith(b"HTTP/1.1 200 ")
        assert len(api.requests[0].headers["x-a"]) == 15_000
        writer.close()


async def test_an_idle_connection_ends(talk: Talk) -> None:
    async with serving(idle_timeout_s=0.05) as (server, _):
        reader, writer = await talk(port_of(server))
        writer.write(GET)
        assert (await head_of(reader)).startswith(b"HTTP/1.1 200 ")
        assert await asyncio.wait_for(reader.read(), 5) is not None
        await eventually(lambda: server.connections == 0)
        writer.close()


# ---------------------------------------------------------------- answers that nobody takes


async def test_an_answer_that_nobody_takes(talk: Talk) -> None:
    """It is given up when nothing of it was taken for the time a request may take, and its memory with it."""
    async with serving(request_timeout_s=0.1) as (server, _):
        _reader, writer = await talk(port_of(server), 1)
        writer.write(f"GET /big?{64 * MIB} HTTP/1.1\r\nhost: test\r\n\r\n".encode())
        await eventually(lambda: server.connections == 1)
        await eventually(lambda: server.connections == 0)
        writer.close()


async def test_small_answers_that_nobody_takes(talk: Talk) -> None:
    """Requests one behind the other, and no answer is read: the server does not go on answering into memory."""
    async with serving(request_timeout_s=0.2) as (server, api):
        _reader, writer = await talk(port_of(server), 1)
        writer.write(b"GET /big?60000 HTTP/1.1\r\nhost: test\r\n\r\n" * 2000)
        await eventually(lambda: server.connections == 1)
        await eventually(lambda: server.connections == 0)
        assert len(api.requests) < 500
        writer.close()


class Shrinking:
    """A transport whose client takes a little within each time that it is given, and all in the end."""

    def __init__(self, sizes: list[int]) -> None:
        self._sizes = sizes
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return self._sizes.pop(0) if len(self._sizes) > 1 else self._sizes[0]

    def abort(self) -> None:
        self.aborted = True


@pytest.mark.parametrize(("sizes", "is_cut"), [([9, 8, 8, 7, 7, 6, 6, 6], True), ([9, 9], True)])
async def test_taking_a_little_is_no_reason_to_be_cut_off(sizes: list[int], is_cut: bool) -> None:
    async with serving(request_timeout_s=0.01) as (server, _):
        handler = server._http()
        transport: Any = Shrinking(list(sizes))
        handler.transport = transport
        handler.pause_writing()
        with pytest.raises(ConnectionResetError, match="takes nothing"):
            await asyncio.wait_for(handler._drain_helper(), 5)
        assert transport.aborted is is_cut
        assert transport.get_write_buffer_size() == sizes[-1]  # not before it took nothing at all


# ---------------------------------------------------------------- more than their share


def test_own_addresses() -> None:
    own = ["127.0.0.1", "127.8.9.10", "::1", "", "::1%lo"]
    others = ["10.0.0.1", "192.168.1.7", "2001:db8::1", "fe80::1%eth0", "nonsense"]
    assert [address for address in [*own, *others] if is_own(address)] == own
    assert address_of(("10.0.0.1", 5)) == "10.0.0.1"
    assert address_of("") == address_of(None) == ""


def test_counts() -> None:
    counted = Clients(settings(max_connections_per_client=2, max_requests_per_client=1))
    assert [counted.connect("10.0.0.1") for _ in range(3)] == [True, True, False]
    assert counted.connect("10.0.0.2")
    assert all(counted.connect("127.0.0.1") for _ in range(5))
    counted.disconnect("10.0.0.1")
    assert counted.connect("10.0.0.1")
    assert [counted.begin("10.0.0.1"), counted.begin("10.0.0.1"), counted.begin("10.0.0.2")] == [True, False, True]
    counted.end("10.0.0.1")
    assert counted.begin("10.0.0.1")
    for address, count in (("10.0.0.1", 2), ("10.0.0.2", 1), ("127.0.0.1", 5)):
        for _ in range(count):
            counted.disconnect(address)
    counted.end("10.0.0.1")
    counted.end("10.0.0.2")
    assert (counted._connections, counted._requests) == ({}, {})


@pytest.fixture
def strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback, too, is somebody else."""
    monkeypatch.setattr(clients, "is_own", lambda _: False)


@pytest.mark.usefixtures("strangers")
async def test_connections_of_one_client(talk: Talk) -> None:
    async with serving(max_connections_per_client=2) as (server, _):
        first, second = await talk(port_of(server)), await talk(port_of(server))
        first[1].write(GET)  # one that spoke, one that is silent
        assert (await head_of(first[0])).startswith(b"HTTP/1.1 200 ")
        await eventually(lambda: server.connections == 2)
        reader, writer = await talk(port_of(server))
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 503 ")
        writer.close()
        for _, closing in (first, second):
            closing.close()
        await eventually(lambda: server.connections == 0)
        client = await Http2Client.connect(port_of(server))
        assert (await client.request()).status == 200
        await client.close()
        await eventually(lambda: server._door.clients._connections == {})


@pytest.mark.usefixtures("strangers")
async def test_requests_of_one_client(talk: Talk) -> None:
    async with serving(max_requests_per_client=2) as (server, api):
        client = await Http2Client.connect(port_of(server))
        reader, writer = await talk(port_of(server))
        writer.write(b"GET /wait HTTP/1.1\r\nhost: test\r\n\r\n")
        client.begin("/wait", end=True)
        await eventually(lambda: len(api.requests) == 2)
        assert (await client.request()).status == 503
        other_reader, other = await talk(port_of(server))
        other.write(GET)
        refused = await asyncio.wait_for(other_reader.read(), 5)
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"at most 2 requests in progress" in refused
        api.gate.set()
        assert (await head_of(reader)).startswith(b"HTTP/1.1 200 ")
        await eventually(lambda: server._door.clients._requests == {})
        assert (await client.request()).status == 200
        writer.close()
        await client.close()
        await eventually(lambda: server._door.clients._connections == {})


# ---------------------------------------------------------------- by the thousand


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


@pytest.mark.timeout(60)
async def test_two_thousand_connections_that_send_nothing(talk: Talk) -> None:
    """They cost little, cannot keep others out of what is left, and are gone when their time is over."""
    count = 2000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 3 * count)), hard))
    async with serving(request_timeout_s=2.0, max_connections=count + 10) as (server, _):
        before = _resident_bytes()
        silent = [await talk(port_of(server)) for _ in range(count)]
        await eventually(lambda: server.connections == count)
        # Both ends of the connections are in this process, which doubles it.
        assert _resident_bytes() - before < count * 40_000
        reader, writer = await talk(port_of(server))
        writer.write(GET)
        assert (await head_of(reader)).startswith(b"HTTP/1.1 200 ")
        writer.close()
        answers = await asyncio.gather(*(asyncio.wait_for(reader.read(), 30) for reader, _ in silent))
        assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
        await eventually(lambda: server.connections == 0)
        for _, closing in silent:
            closing.close()
