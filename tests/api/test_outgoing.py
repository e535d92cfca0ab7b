"""The HTTP client of all services, against a server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from streamcore.api.outgoing import HttpClient, OutgoingError


class Server:
    """Keeps what it was asked, and says what a test wants."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.answer = b"HTTP/1.1 204 No Content\r\n\r\n"
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line[16:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length: ")), 0)
            self.asked.append(head + await reader.readexactly(length))
            writer.write(self.answer)
            await writer.drain()
            if self.answer:
                return
            await reader.read()  # until the client gives up
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield made
    listening.close()
    await listening.wait_closed()


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    made = HttpClient()
    yield made
    await made.close()


async def test_what_is_sent_is_what_was_said(server: Server, client: HttpClient) -> None:
    server.answer = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 2\r\n\r\nok"
    headers = [("X-B", "1"), ("X-B", "2")]
    answer = await client.request("PUT", f"{server.url}/a%2Fb?q=%20", headers, b"in", timeout_s=10.0, most_bytes=2)
    assert (answer.status, answer.body) == (302, b"ok")
    assert [value for name, value in answer.headers if name == "X-A"] == ["1", "2"]
    head, _, body = server.asked[0].partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /a%2Fb?q=%20 HTTP/1.1\r\n")
    assert (head.count(b"X-B: "), body) == (2, b"in")
    assert not any(name in head for name in (b"User-Agent", b"Accept", b"Content-Type"))


async def test_a_post_tells_the_status_alone(server: Server, client: HttpClient) -> None:
    server.answer = b"HTTP/1.1 500 No\r\nContent-Length: 1000000000\r\n\r\nx"
    assert await client.post(f"{server.url}/hook", b"event", {"X-A": "1"}) == 500
    assert server.asked[0].startswith(b"POST /hook HTTP/1.1\r\n")
    assert server.asked[0].endswith(b"event")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890", "more than 10 bytes"),
        (b"nonsense\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", None),
    ],
)
async def test_answers_that_are_none(server: Server, client: HttpClient, answer: bytes, words: str | None) -> None:
    server.answer = answer
    with pytest.raises(OutgoingError, match=words):
        await client.request("GET", server.url, [], b"", timeout_s=10.0, most_bytes=10)


async def test_nobody_is_there(client: HttpClient) -> None:
    with pytest.raises(OutgoingError):
        await client.post("http://127.0.0.1:1/", b"", {})
    with pytest.raises(OutgoingError):
        await client.request("GET", "http://[nonsense/", [], b"", timeout_s=1.0, most_bytes=1)


async def test_an_answer_that_takes_too_long(server: Server, client: HttpClient) -> None:
    server.answer = b""
    with pytest.raises(TimeoutError):
        await client.request("GET", server.url, [], b"", timeout_s=0.1, most_bytes=1)
