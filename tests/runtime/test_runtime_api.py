"""The Runtime API as a program sees it: paths, headers, statuses, bounds, streams."""

import asyncio
import base64
import json

import h11
import pytest
from workers_support import PATIENCE_S

from runtime.model.invocation import MAX_PAYLOAD_BYTES, Status
from runtime.workers.frames import InvokeHead
from runtime.workers.runtime_api import RuntimeApiLink
from runtime.workers.stream import MAX_HELD_BYTES, ResponseStream

NEXT = "/2018-06-01/runtime/invocation/next"
INIT_ERROR = "/2018-06-01/runtime/init/error"
HEAD = InvokeHead("R", 1234, '{"custom":\n{"ä": 1}}', "Root=1", "arn:alias")


def response_to(request_id):
    return f"/2018-06-01/runtime/invocation/{request_id}/response"


def error_of(request_id):
    return f"/2018-06-01/runtime/invocation/{request_id}/error"


class Owner:
    """Remembers what a link says, and lets a test wait for it."""

    def __init__(self):
        self.said = asyncio.Queue()

    def link_ready(self):
        self.said.put_nowait("ready")

    def link_init_failed(self, payload):
        self.said.put_nowait(("init failed", payload))

    def link_answered(self, answer):
        self.said.put_nowait(answer)

    def link_broken(self):
        raise AssertionError("a program may connect again")

    async def next(self):
        return await asyncio.wait_for(self.said.get(), PATIENCE_S)


class Client:
    """A connection of its own to the API."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.http = h11.Connection(h11.CLIENT)

    @classmethod
    async def to(cls, link):
        host, port = link.variables["AWS_LAMBDA_RUNTIME_API"].split(":")
        return cls(*await asyncio.open_connection(host, int(port)))

    def send(self, method, path, headers=(), body=b""):
        length = ("Content-Length", str(len(body)))
        self.put(h11.Request(method=method, target=path, headers=[("Host", "x"), *headers, length]))
        self.put(h11.Data(data=body), h11.EndOfMessage())

    def put(self, *events):
        for event in events:
            self.writer.write(self.http.send(event))

    async def answer(self):
        """Status, headers and body."""
        head, body = None, b""
        while True:
            event = self.http.next_event()
            if event is h11.NEED_DATA:
                data = await asyncio.wait_for(self.reader.read(65536), PATIENCE_S)
                self.http.receive_data(data)
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                if self.http.our_state is h11.DONE:
                    self.http.start_next_cycle()
                return head.status_code, {name.decode(): value.decode() for name, value in head.headers}, body

    async def call(self, method, path, headers=(), body=b""):
        self.send(method, path, headers, body)
        return await self.answer()


@pytest.fixture
def owner():
    return Owner()


@pytest.fixture
async def link(owner):
    link = RuntimeApiLink(asyncio.get_running_loop(), owner)
    yield link
    link.close()


@pytest.fixture
async def connect(link):
    clients = []

    async def connect():
        clients.append(await Client.to(link))
        return clients[-1]

    yield connect
    for client in clients:
        client.writer.close()


@pytest.fixture
async def client(connect):
    return await connect()


@pytest.fixture
async def serving(link, owner, client):
    """A client that has event R."""
    client.send("GET", NEXT)
    assert await owner.next() == "ready"
    link.send(HEAD, b'{"a":1}', None)
    assert (await client.answer())[0] == 200
    return client


async def test_next_waits_and_carries_all_headers(link, owner, client):
    client.send("GET", NEXT)
    assert await owner.next() == "ready"
    link.send(HEAD, b'{"a":1}', None)
    status, headers, body = await client.answer()
    assert (status, body) == (200, b'{"a":1}')
    assert headers == {
        "content-type": "application/json",
        "lambda-runtime-aws-request-id": "R",
        "lambda-runtime-deadline-ms": "1234",
        "lambda-runtime-invoked-function-arn": "arn:alias",
        "lambda-runtime-trace-id": "Root=1",
        "lambda-runtime-client-context": '{"custom":{"\\u00e4":1}}',
        "content-length": "7",
    }


async def test_an_event_that_comes_while_the_program_reconnects_waits_for_it(link, owner, connect):
    first = await connect()
    first.send("GET", NEXT)
    assert await owner.next() == "ready"
    second = await connect()
    second.send("GET", NEXT)
    assert await owner.next() == "ready"
    assert await first.reader.read() == b""  # two cannot wait: the later is the living one
    link.send(HEAD, b"1", None)
    assert (await second.answer())[2] == b"1"


async def test_response(serving, owner):
    assert await serving.call("POST", response_to("R"), body=b'"done"') == (
        202,
        {"content-type": "application/json", "content-length": "16"},
        b'{"status":"OK"}\n',
    )
    assert await owner.next() == ("R", Status.SUCCESS, b'"done"', None)
    serving.send("GET", NEXT)
    assert await owner.next() == "ready"


async def test_error(serving, owner):
    payload = b'{"errorType":"E","errorMessage":"m"}'
    assert (await serving.call("POST", error_of("R"), body=payload))[0] == 202
    assert await owner.next() == ("R", Status.FUNCTION_ERROR, payload, None)


async def test_an_error_without_a_body_has_the_type_of_its_header(serving, owner):
    await serving.call("POST", error_of("R"), [("Lambda-Runtime-Function-Error-Type", "Runtime.Own")])
    assert (await owner.next()).payload == b'{"errorType":"Runtime.Own","errorMessage":""}'


async def test_init_error(client, owner):
    assert (await client.call("POST", INIT_ERROR, body=b'{"errorType":"E"}'))[0] == 202
    assert await owner.next() == ("init failed", b'{"errorType":"E"}')


REFUSED = {
    "another id": ("POST", response_to("X"), 400, "InvalidRequestID"),
    "another id's error": ("POST", error_of("X"), 400, "InvalidRequestID"),
    "init error too late": ("POST", INIT_ERROR, 403, "InvalidStateTransition"),
    "next before the answer": ("GET", NEXT, 403, "InvalidStateTransition"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_refused(serving, owner, name):
    method, path, status, error_type = REFUSED[name]
    answer = await serving.call(method, path)
    assert (answer[0], json.loads(answer[2])["errorType"]) == (status, error_type)
    assert (await serving.call("POST", response_to("R"), body=b"1"))[0] == 202
    assert (await owner.next()).payload == b"1"


async def test_a_second_answer_is_refused(serving, owner):
    assert (await serving.call("POST", response_to("R"), body=b"1"))[0] == 202
    assert (await serving.call("POST", response_to("R"), body=b"2"))[0] == 403
    assert (await owner.next()).payload == b"1"
    assert owner.said.empty()


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("PUT", NEXT), ("GET", response_to("R")), ("POST", "/2018-06-01/ping")]
)
async def test_unknown_paths(client, method, path):
    assert (await client.call(method, path, body=b"x"))[0] == 404


async def test_the_largest_response_passes_and_one_byte_more_does_not(serving, owner, link):
    assert (await serving.call("POST", response_to("R"), body=b"x" * MAX_PAYLOAD_BYTES))[0] == 202
    assert (await owner.next()).status is Status.SUCCESS
    serving.send("GET", NEXT)
    await owner.next()
    link.send(InvokeHead("S", 1), b"2", None)
    await serving.answer()
    status, _, body = await serving.call("POST", response_to("S"), body=b"x" * (MAX_PAYLOAD_BYTES + 1))
    assert (status, json.loads(body)["errorType"]) == (413, "RequestEntityTooLarge")
    answer = await owner.next()
    assert answer.status is Status.FUNCTION_ERROR
    assert b"Function.ResponseSizeTooLarge" in answer.payload


async def test_an_answer_that_breaks_off_is_none(serving, owner, connect):
    head = [("Host", "x"), ("Content-Length", "100")]
    serving.put(h11.Request(method="POST", target=response_to("R"), headers=head), h11.Data(data=b"half"))
    serving.writer.write_eof()
    assert await serving.reader.read() == b""
    again = await connect()
    assert (await again.call("POST", response_to("R"), body=b"1"))[0] == 202
    assert (await owner.next()).payload == b"1"


async def test_expect_continue(serving, owner):
    head = [("Host", "x"), ("Content-Length", "1"), ("Expect", "100-continue")]
    serving.put(h11.Request(method="POST", target=response_to("R"), headers=head))
    assert (await asyncio.wait_for(serving.reader.readline(), PATIENCE_S)).startswith(b"HTTP/1.1 100")
    serving.put(h11.Data(data=b"1"), h11.EndOfMessage())
    assert (await owner.next()).payload == b"1"


@pytest.mark.parametrize("nonsense", [b"\x16\x03\x01" * 100, b"GET / HTTP/9\r\n\r\n", b"x" * 200_000])
async def test_nonsense_ends_its_connection_only(link, owner, connect, nonsense):
    broken, sound = await connect(), await connect()
    broken.writer.write(nonsense)
    try:
        assert await asyncio.wait_for(broken.reader.read(), PATIENCE_S) == b""
    except ConnectionResetError:
        pass
    sound.send("GET", NEXT)
    assert await owner.next() == "ready"


STREAMING = ("Lambda-Runtime-Function-Response-Mode", "streaming")


def streamed(client, *pieces, trailers=()):
    head = [("Host", "x"), STREAMING, ("Transfer-Encoding", "chunked"), ("Content-Type", "text/plain")]
    client.put(h11.Request(method="POST", target=response_to("R"), headers=head))
    for piece in pieces:
        client.put(h11.Data(data=piece))
    client.put(h11.EndOfMessage(headers=list(trailers)))


@pytest.fixture
async def streaming(link, owner, client):
    """A client that has event R, and the reader's end of its answer."""
    client.send("GET", NEXT)
    await owner.next()
    stream = ResponseStream()
    link.send(HEAD, b"1", stream)
    await client.answer()
    return client, stream


async def test_pieces_reach_the_reader_as_they_come(streaming, owner):
    client, stream = streaming
    head = [("Host", "x"), STREAMING, ("Transfer-Encoding", "chunked"), ("Content-Type", "text/plain")]
    client.put(h11.Request(method="POST", target=response_to("R"), headers=head), h11.Data(data=b"one"))
    assert await asyncio.wait_for(anext(stream), PATIENCE_S) == b"one"
    assert stream.content_type == "text/plain"
    assert owner.said.empty()
    client.put(h11.Data(data=b"two"), h11.EndOfMessage())
    assert await owner.next() == ("R", Status.SUCCESS, b"", None)
    assert await anext(stream) == b"two"


async def test_a_stream_that_fails_says_so_behind_its_body(streaming, owner):
    client, stream = streaming
    payload = b'{"errorType":"E"}'
    error = [
        ("Lambda-Runtime-Function-Error-Type", "E"),
        ("Lambda-Runtime-Function-Error-Body", base64.b64encode(payload).decode()),
    ]
    streamed(client, b"begun", trailers=error)
    assert await owner.next() == ("R", Status.FUNCTION_ERROR, payload, None)
    assert await anext(stream) == b"begun"


async def test_a_slow_reader_holds_the_program_back(streaming, owner):
    client, stream = streaming
    total = 64 * MAX_HELD_BYTES
    streamed(client, *[b"x" * MAX_HELD_BYTES] * 64)
    taken = len(await asyncio.wait_for(anext(stream), PATIENCE_S))
    assert stream.sent_bytes < total // 2  # the rest is in the sockets, and in the program
    while taken < total:
        taken += len(await asyncio.wait_for(anext(stream), PATIENCE_S))
    assert (await owner.next()).status is Status.SUCCESS


async def test_a_reader_that_leaves_lets_the_program_finish(streaming, owner):
    client, stream = streaming
    streamed(client, *[b"x" * MAX_HELD_BYTES] * 64)
    await asyncio.wait_for(anext(stream), PATIENCE_S)
    stream.abandon()
    assert (await owner.next()).status is Status.SUCCESS


async def test_without_a_reader_a_stream_is_one_answer(serving, owner):
    streamed(serving, b"one", b"two")
    assert (await owner.next()).payload == b"onetwo"


async def test_what_was_sent_before_the_end_counts(serving, owner, link):
    serving.send("POST", response_to("R"), body=b"last")
    await serving.writer.drain()
    link.drain()
    assert owner.said.get_nowait().payload == b"last"
