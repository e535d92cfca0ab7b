"""The HTTP/2 front door, spoken to by h2 as a client and by hand-made frames."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from h2.errors import ErrorCodes
from http_support import Http2Client, TestApi, eventually, port_of, serving

from streamcore.api import door, http2
from streamcore.api.door import BODY_MAX_BYTES
from streamcore.api.http2 import Patience
from streamcore.api.server import HttpServer

MIB = 1024 * 1024
Connect = Callable[..., Awaitable[Http2Client]]


@pytest.fixture
async def served() -> AsyncIterator[tuple[HttpServer, TestApi]]:
    async with serving() as (server, api):
        yield server, api
    assert server._door.inflight_bytes == 0
    assert not server._http2.connections
    assert not server._http2.tasks


@pytest.fixture
def server(served: tuple[HttpServer, TestApi]) -> HttpServer:
    return served[0]


@pytest.fixture
def api(served: tuple[HttpServer, TestApi]) -> TestApi:
    return served[1]


@pytest.fixture
async def connect(server: HttpServer) -> AsyncIterator[Connect]:
    clients: list[Http2Client] = []

    async def connect(*, takes: bool = True) -> Http2Client:
        clients.append(await Http2Client.connect(port_of(server), takes=takes))
        return clients[-1]

    yield connect
    for client in clients:
        await client.close()


async def turn() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


# ---------------------------------------------------------------- requests and answers


async def test_a_request(api: TestApi, connect: Connect) -> None:
    client = await connect()
    answer = await client.request("/a%20b?x=1&y", b"body", x_one="1", cookie="a=b")
    assert (answer.status, answer.body) == (200, b"body")
    assert answer.headers["x-size"] == answer.headers["content-length"] == "4"
    [request] = api.requests
    assert (request.method, request.path, request.query, request.body) == ("POST", "/a%20b", "x=1&y", b"body")
    assert dict(request.headers) == {"x-one": "1", "cookie": "a=b", "host": "test"}


@pytest.mark.parametrize(
    ("method", "path", "status", "size"),
    [("GET", "/", 200, 0), ("HEAD", "/big?100", 200, 0), ("GET", "/nothing", 204, 0), ("GET", "/big?100", 200, 100)],
)
async def test_bodies(connect: Connect, method: str, path: str, status: int, size: int) -> None:
    answer = await (await connect()).request(path, method=method)
    assert (answer.status, len(answer.body), answer.ended) == (status, size, True)
    if method == "HEAD":
        assert answer.headers["content-length"] == "100"


async def test_large_bodies_both_ways(api: TestApi, connect: Connect) -> None:
    client = await connect()
    answer = await client.request("/", bytes(14 * MIB))
    assert answer.headers["x-size"] == str(14 * MIB)
    assert len((await client.request(f"/big?{10 * MIB}")).body) == 10 * MIB


async def test_many_streams_at_once(api: TestApi, connect: Connect) -> None:
    client = await connect()
    await client.request()  # the client knows our settings now
    ids = [client.begin("/wait", end=True) for _ in range(http2.STREAMS_MAX)]
    await eventually(lambda: len(api.requests) == 1 + len(ids))
    api.gate.set()
    for stream_id in ids:
        assert (await client.answer(stream_id)).body == b"waited"


async def test_more_streams_than_there_may_be_are_refused(api: TestApi, connect: Connect) -> None:
    client = await connect()  # which has not read our settings yet
    client.h2.remote_settings.max_concurrent_streams = 1000
    ids = [client.begin("/wait", end=True) for _ in range(http2.STREAMS_MAX + 5)]
    refused = client.answers[ids[-1]]
    await client.until(lambda: refused.is_over)
    api.gate.set()
    answers = [await client.answer(stream_id) for stream_id in ids]
    assert [answer.reset for answer in answers].count(ErrorCodes.REFUSED_STREAM) == 5
    assert sum(answer.body == b"waited" for answer in answers) == http2.STREAMS_MAX


async def test_expect_continue(connect: Connect) -> None:
    client = await connect()
    stream_id = client.begin("/", expect="100-continue")
    await client.until(lambda: bool(client.informational))
    assert client.informational == [100]
    await client.send_body(stream_id, b"now")
    assert (await client.answer(stream_id)).body == b"now"


async def test_a_fault_ends_the_stream_and_not_the_connection(connect: Connect, caplog: object) -> None:
    client = await connect()
    assert (await client.request("/fault")).reset == ErrorCodes.INTERNAL_ERROR
    assert (await client.request("/")).status == 200


# ---------------------------------------------------------------- bounds


async def test_a_body_that_is_announced_too_large(api: TestApi, connect: Connect) -> None:
    client = await connect()
    stream_id = client.begin("/", content_length=str(BODY_MAX_BYTES + 1))
    answer = await client.answer(stream_id)
    assert (answer.status, api.requests) == (413, [])
    assert (await client.request("/")).status == 200


async def test_a_body_that_grows_too_large(monkeypatch: pytest.MonkeyPatch, api: TestApi, connect: Connect) -> None:
    monkeypatch.setattr(door, "BODY_MAX_BYTES", 100_000)
    client = await connect()
    await client.request()  # the client knows our windows now
    api.requests.clear()
    stream_id = client.begin("/")
    for _ in range(7):
        client.h2.send_data(stream_id, bytes(16_000))
    client.flush()
    answer = await client.answer(stream_id)
    assert (answer.status, api.requests) == (413, [])
    assert (await client.request("/")).status == 200


async def test_bytes_in_progress_are_bounded() -> None:
    async with serving(max_inflight_bytes=200_000) as (server, api), Http2Client.open(port_of(server)) as client:
        waiting = client.begin("/wait")
        await client.send_body(waiting, bytes(150_000))
        await asyncio.wait_for(api.entered.wait(), 5)
        refused = await client.request("/", bytes(60_000))
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        api.gate.set()
        assert (await client.answer(waiting)).status == 200
        assert (await client.request("/", bytes(60_000))).status == 200


async def test_a_request_that_does_not_arrive() -> None:
    async with serving(request_timeout_s=0.05) as (server, api), Http2Client.open(port_of(server)) as client:
        answer = await client.answer(client.begin("/"))
        assert (answer.status, api.requests) == (408, [])


async def test_a_header_list_that_is_too_large(api: TestApi, connect: Connect) -> None:
    client = await connect()
    client.begin("/", x_large="a" * 70_000, end=True)
    await client.closed()
    assert api.requests == []


async def test_the_number_of_connections() -> None:
    async with serving(max_connections=2) as (server, _), Http2Client.open(port_of(server)) as first:
        await first.request()
        async with Http2Client.open(port_of(server)) as second:
            await second.request()
            reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
            assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
            writer.close()
        await eventually(lambda: server.connections < 2)
        async with Http2Client.open(port_of(server)) as again:
            assert (await again.request()).status == 200


# ---------------------------------------------------------------- hostile clients

SETTINGS = bytes.fromhex("000000040000000000")
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.mark.parametrize(
    "frames",
    [
        b"\x00\x00\x00\xff\x00\x00\x00\x00\x00" * 2 + b"\xff" * 50,  # unknown, then nonsense
        SETTINGS + bytes.fromhex("000001000000000000ff"),  # DATA on stream 0
        SETTINGS + bytes.fromhex("000001000000000001ff"),  # DATA on an idle stream
        SETTINGS + bytes.fromhex("00000401040000000182868400"),  # a header block that ends in nonsense
        SETTINGS + bytes.fromhex("000004080000000000") + bytes(4),  # WINDOW_UPDATE of 0
        SETTINGS + bytes.fromhex("000005060000000000") + bytes(5),  # PING of 5 bytes
        SETTINGS + bytes.fromhex("000001090000000001ff"),  # CONTINUATION of nothing
        bytes.fromhex("ffffff040000000000"),  # a frame beyond the maximum
        bytes.fromhex("000006040000000000000400000000")[:9] + bytes.fromhex("000480000000"),  # window beyond 2^31-1
    ],
    ids=["nonsense", "data-0", "data-idle", "headers", "window-0", "ping", "continuation", "huge", "settings"],
)
async def test_malformed_frames_end_the_connection(server: HttpServer, api: TestApi, frames: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
    writer.write(PREFACE + frames)
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer[3] == 4  # begins with our SETTINGS
    assert bytes.fromhex("07000000") in answer  # GOAWAY
    assert api.requests == []
    writer.close()


async def test_a_preface_that_is_wrong_at_its_end_is_no_http2(server: HttpServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
    writer.write(PREFACE[:-1] + b"x")
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1")
    writer.close()


async def test_rapid_reset(api: TestApi, connect: Connect) -> None:
    client = await connect()
    for _ in range(Patience.FULL // Patience.RESET + 1):
        stream_id = client.begin("/wait", end=True)
        client.h2.reset_stream(stream_id, ErrorCodes.CANCEL)
        client.flush()
    await client.closed()
    assert client.goaway is not None
    assert client.goaway.error_code == ErrorCodes.ENHANCE_YOUR_CALM


@pytest.mark.parametrize("kind", ["ping", "settings", "empty-data"])
async def test_floods(api: TestApi, connect: Connect, kind: str) -> None:
    client = await connect()
    stream_id = client.begin("/")
    for _ in range(Patience.FULL + 10):
        match kind:
            case "ping":
                client.h2.ping(bytes(8))
            case "settings":
                client.h2.update_settings({})
            case "empty-data":
                client.h2.send_data(stream_id, b"")
    client.flush()
    await client.closed()
    assert client.goaway is not None
    assert client.goaway.error_code == ErrorCodes.ENHANCE_YOUR_CALM


async def test_answers_give_patience_back(connect: Connect) -> None:
    client = await connect()
    for _ in range(Patience.FULL // Patience.RESET + 20):
        await client.request()
        client.h2.reset_stream(client.begin("/wait", end=True), ErrorCodes.CANCEL)
        client.flush()
    assert (await client.request()).status == 200


async def test_a_client_that_reads_nothing_is_not_read_either(server: HttpServer, connect: Connect) -> None:
    client = await connect(takes=False)
    client.h2.update_settings({4: 2**31 - 1})  # windows that never close
    client.h2.increment_flow_control_window(2**31 - 1 - 65_535)
    client.flush()
    for _ in range(20):
        client.begin(f"/big?{8 * MIB}", end=True)
    await eventually(lambda: server._http2.connections)
    [connection] = server._http2.connections
    await eventually(lambda: connection._is_paused)
    assert connection._transport.get_write_buffer_size() < 4 * MIB
    assert not connection._transport.is_reading()
    client.writer.transport.abort()
    await eventually(lambda: not server._http2.connections)


# ---------------------------------------------------------------- flow control


async def test_an_answer_waits_for_the_window(connect: Connect) -> None:
    client = await connect(takes=False)
    stream_id = client.begin("/big?100000", end=True)
    answer = client.answers[stream_id]
    await client.until(lambda: len(answer.body) == 65_535)
    other = await client.request("/nothing")  # has no body to wait for a window
    assert other.status == 204
    client.take(stream_id, 30_000)
    await client.until(lambda: len(answer.body) == 95_535)
    client.take(stream_id, 30_000)
    await client.until(lambda: answer.ended)
    assert len(answer.body) == 100_000


async def test_an_answer_that_nobody_takes_is_given_up() -> None:
    async with (
        serving(request_timeout_s=0.05) as (server, _),
        Http2Client.open(port_of(server), takes=False) as client,
    ):
        answer = await client.answer(client.begin("/big?100000", end=True))
        assert answer.reset == ErrorCodes.CANCEL


async def test_a_slow_reader_of_events_holds_one(api: TestApi, connect: Connect) -> None:
    client = await connect(takes=False)
    stream_id = client.begin("/ticks", end=True)
    for _ in range(10):
        api.ticks.queue.put_nowait(bytes(40_000))
    answer = client.answers[stream_id]
    await client.until(lambda: len(answer.body) == 65_535)
    await turn()
    assert api.ticks.made == 2
    client.take(stream_id, 2**20)
    api.ticks.queue.put_nowait(None)
    await client.until(lambda: answer.ended)
    assert len(answer.body) == 400_000


# ---------------------------------------------------------------- answers that go on


async def test_events_come_one_by_one(api: TestApi, connect: Connect) -> None:
    client = await connect()
    answer = client.answers[client.begin("/ticks", end=True)]
    await client.until(lambda: bool(answer.headers))
    for number in range(3):
        api.ticks.queue.put_nowait(b"%d" % number)
        await client.until(lambda number=number: len(answer.pieces) == number + 1)
    api.ticks.queue.put_nowait(None)
    await client.until(lambda: answer.ended)
    assert answer.body == b"012"
    assert api.ticks.closed.is_set()


@pytest.mark.parametrize("how", ["reset", "disconnect"])
async def test_a_reader_that_goes_away_frees_the_stream(api: TestApi, connect: Connect, how: str) -> None:
    client = await connect()
    stream_id = client.begin("/ticks", end=True)
    await client.until(lambda: bool(client.answers[stream_id].headers))
    if how == "reset":
        client.h2.reset_stream(stream_id, ErrorCodes.CANCEL)
        client.flush()
    else:
        client.writer.transport.abort()
    await asyncio.wait_for(api.ticks.closed.wait(), 5)


@pytest.mark.parametrize("how", ["reset", "disconnect"])
async def test_a_client_that_goes_away_cancels_its_request(api: TestApi, connect: Connect, how: str) -> None:
    client = await connect()
    stream_id = client.begin("/wait", end=True)
    await asyncio.wait_for(api.entered.wait(), 5)
    if how == "reset":
        client.h2.reset_stream(stream_id, ErrorCodes.CANCEL)
        client.flush()
    else:
        client.writer.transport.abort()
    await asyncio.wait_for(api.cancelled.wait(), 5)


# ---------------------------------------------------------------- ends


async def test_draining_lets_requests_end(connect: Connect, server: HttpServer, api: TestApi) -> None:
    client = await connect()
    waiting = client.begin("/wait", end=True)
    ticks = client.begin("/ticks", end=True)
    await asyncio.wait_for(api.entered.wait(), 5)
    stopping = asyncio.create_task(server.stop())
    await client.until(lambda: client.goaway is not None and client.answers[ticks].ended)
    assert client.goaway is not None
    assert (client.goaway.error_code, client.goaway.last_stream_id) == (ErrorCodes.NO_ERROR, ticks)
    api.gate.set()
    assert (await client.answer(waiting)).body == b"waited"
    await client.closed()
    await asyncio.wait_for(stopping, 5)


async def test_what_does_not_end_is_cut(connect: Connect, server: HttpServer, api: TestApi) -> None:
    client = await connect()
    client.begin("/wait", end=True)
    await asyncio.wait_for(api.entered.wait(), 5)
    await asyncio.wait_for(server.stop(), 5)
    assert api.cancelled.is_set()
    await client.closed()


async def test_a_client_that_says_goodbye_gets_its_answers(api: TestApi, connect: Connect) -> None:
    client = await connect()
    before = client.begin("/wait", end=True)
    await asyncio.wait_for(api.entered.wait(), 5)
    client.writer.write(bytes.fromhex("000008070000000000") + bytes(8))  # GOAWAY, NO_ERROR
    behind = client.begin("/", end=True)  # as Node does
    assert (await client.answer(behind)).status == 200
    api.gate.set()
    assert (await client.answer(before)).body == b"waited"


async def test_a_client_that_ends_with_an_error(api: TestApi, connect: Connect) -> None:
    client = await connect()
    client.begin("/wait", end=True)
    await asyncio.wait_for(api.entered.wait(), 5)
    client.writer.write(bytes.fromhex("00000807000000000000000000") + (1).to_bytes(4, "big"))  # GOAWAY, PROTOCOL_ERROR
    await client.closed()
    assert api.cancelled.is_set()


async def test_an_idle_connection_is_closed() -> None:
    async with serving(idle_timeout_s=0.05) as (server, _):
        client = await Http2Client.connect(port_of(server))
        assert (await client.request()).status == 200
        await client.closed()
        assert client.goaway is not None
        await client.close()


async def test_ping(connect: Connect) -> None:
    client = await connect()
    client.h2.ping(b"12345678")
    client.flush()
    assert (await client.request()).status == 200
