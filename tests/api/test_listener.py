"""One port for HTTP/1.1 and HTTP/2, with and without TLS; answers that go on over HTTP/1.1."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest
from http_support import Http2Client, eventually, port_of, serving

from streamcore.api.listener import PREFACE
from streamcore.api.tls import self_signed, server_context, utc
from streamcore.config import Certificate, settings
from streamcore.errors import ConfigError

NOW = utc(1_700_000_000_000)
GET = b"GET /x HTTP/1.1\r\nhost: test\r\n\r\n"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def speak(port: int, *pieces: bytes, tls: ssl.SSLContext | None = None) -> bytes:
    """The head of the answer to pieces that arrive one by one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    writer.close()
    await writer.wait_closed()
    return head


@pytest.mark.parametrize(
    "pieces",
    [
        [GET],
        [GET[:1], GET[1:]],
        [b"P", b"U", b"T /x HTTP/1.1\r\nhost: t\r\ncontent-length: 0\r\n\r\n"],
        [b"PR", b"OPFIND /x HTTP/1.1\r\nhost: t\r\n\r\n"],
        [b"PRI * HTTP/1.1\r\nhost: t\r\n\r\n"],
    ],
    ids=["whole", "split", "like-p", "like-pr", "like-pri"],
)
async def test_http1_on_the_same_port(pieces: list[bytes]) -> None:
    async with serving() as (server, _api):
        head = await speak(port_of(server), *pieces)
        assert head.startswith(b"HTTP/1.1 200 ") or (b"PRI" in pieces[0] and head.startswith(b"HTTP/1"))
        await eventually(lambda: server.connections == 0)
        assert not server._listener.sniffing


async def test_a_preface_byte_by_byte() -> None:
    async with serving() as (server, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        for byte in PREFACE:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        head = await asyncio.wait_for(reader.readexactly(9), 5)
        assert head[3] == 4  # SETTINGS
        writer.close()


async def test_a_connection_that_says_nothing_is_dropped() -> None:
    async with serving(request_timeout_s=0.05) as (server, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        writer.write(b"PRI * H")
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 408 ")
        assert not server._listener.sniffing
        writer.close()


async def test_silent_connections_count() -> None:
    async with serving(max_connections=2) as (server, _):
        silent = [await asyncio.open_connection("127.0.0.1", port_of(server)) for _ in range(2)]
        await eventually(lambda: len(server._listener.sniffing) == 2)
        assert (await speak(port_of(server), GET)).startswith(b"HTTP/1.1 503 ")
        for _, writer in silent:
            writer.close()
        await eventually(lambda: not server._listener.sniffing)
        assert (await speak(port_of(server), GET)).startswith(b"HTTP/1.1 200 ")


# ---------------------------------------------------------------- answers that go on


async def test_a_stream_over_http1_ends_with_its_reader() -> None:
    async with serving() as (server, api):
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        writer.write(b"GET /ticks HTTP/1.1\r\nhost: test\r\n\r\n")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        assert b"chunked" in head.lower()
        api.ticks.queue.put_nowait(b"one")
        assert await asyncio.wait_for(reader.readuntil(b"one\r\n"), 5) == b"3\r\none\r\n"
        writer.close()
        await asyncio.wait_for(api.ticks.closed.wait(), 5)  # though no event came that could not be written
        assert not server._http._reading


async def test_draining_ends_a_stream_over_http1() -> None:
    async with serving() as (server, _api):
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        writer.write(b"GET /ticks HTTP/1.1\r\nhost: test\r\n\r\n")
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        stopping = asyncio.create_task(server.stop())
        assert await asyncio.wait_for(reader.read(), 5) == b"0\r\n\r\n"
        await stopping
        writer.close()


# ---------------------------------------------------------------- TLS


def trusting(cert: Path, *protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(cert))
    context.set_alpn_protocols(list(protocols))
    return context


@pytest.fixture
def tls_port(tmp_path: Path) -> int:
    pytest.importorskip("cryptography")
    return free_port()


async def test_both_protocols_over_tls(tmp_path: Path, tls_port: int) -> None:
    options = {"tls": "self-signed", "tls_port": tls_port, "data": str(tmp_path)}
    async with serving(**options) as (server, _api):
        assert server.urls[1] == f"https://127.0.0.1:{tls_port}"
        cert = tmp_path / "tls" / "cert.pem"
        async with Http2Client.open(tls_port, trusting(cert, "h2")) as client:
            ssl_object = client.writer.get_extra_info("ssl_object")
            assert ssl_object.selected_alpn_protocol() == "h2"
            assert (await client.request("/", bytes(3_000_000))).headers["x-size"] == "3000000"
            assert len((await client.request("/big?3000000")).body) == 3_000_000
        for protocols in (["http/1.1"], []):
            head = await speak(tls_port, GET, tls=trusting(cert, *protocols))
            assert head.startswith(b"HTTP/1.1 200 ")
        async with Http2Client.open(port_of(server)) as plain:
            assert (await plain.request()).status == 200


async def test_a_client_that_speaks_no_tls_there(tmp_path: Path, tls_port: int) -> None:
    options = {"tls": "self-signed", "tls_port": tls_port, "data": str(tmp_path)}
    async with serving(**options) as (server, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", tls_port)
        writer.write(GET)
        try:
            assert b"HTTP" not in await asyncio.wait_for(reader.read(), 5)
        except ConnectionError:
            pass
        writer.close()
        await eventually(lambda: server.connections == 0)


def test_a_certificate_of_its_own_is_kept_and_renewed(tmp_path: Path, tls_port: int) -> None:
    cert, key = self_signed(tmp_path, "broker.test", NOW)
    assert key.stat().st_mode & 0o777 == 0o600
    first = cert.read_bytes()
    assert self_signed(tmp_path, "broker.test", utc(1_700_000_000_000 + 300 * 86_400_000)) == (cert, key)
    assert cert.read_bytes() == first
    self_signed(tmp_path, "broker.test", utc(1_700_000_000_000 + 380 * 86_400_000))
    assert cert.read_bytes() != first
    from cryptography import x509

    names = x509.load_pem_x509_certificate(first).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == ["broker.test", "localhost"]
    assert [str(each) for each in names.value.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_files(tmp_path: Path, tls_port: int) -> None:
    cert, key = self_signed(tmp_path, "localhost", NOW)
    made = settings(tls_port=1, tls_cert=str(cert), tls_key=str(key))
    assert server_context(made, NOW) is not None
    assert server_context(settings(), NOW) is None
    with pytest.raises(ConfigError, match=str(tmp_path / "missing")):
        server_context(settings(tls_port=1, tls_cert=str(tmp_path / "missing"), tls_key=str(key)), NOW)


@pytest.mark.parametrize(
    "options",
    [
        {"tls_port": 1},
        {"tls_port": 1, "tls_cert": "c"},
        {"tls_port": 1, "tls_key": "k"},
        {"tls_port": 1, "tls": "self-signed", "tls_cert": "c", "tls_key": "k"},
        {"tls": "self-signed"},
        {"tls_cert": "c", "tls_key": "k"},
        {"tls_port": -1},
        {"tls": "x"},
    ],
)
def test_settings_that_do_not_go_together(options: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        settings(**options)


def test_settings_come_from_the_environment() -> None:
    environ = {"STREAMCORE_TLS_PORT": "8443", "STREAMCORE_TLS": "self-signed"}
    made = settings(None, environ)
    assert (made.tls_port, made.tls) == (8443, Certificate.SELF_SIGNED)
