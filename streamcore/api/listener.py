"""The sockets: a plain one, and one with TLS where it is set up. Both take HTTP/1.1 and HTTP/2.

Which of the two a client speaks is seen in its first bytes: HTTP/2 begins with a fixed preface, with prior knowledge
(h2c) as well as after ALPN. Looking costs one object per connection and nothing per request: the connection is handed
to the protocol it belongs to, for good.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, Final

from streamcore.api.clients import Clients, address_of
from streamcore.config import Settings

#: RFC 9113, 3.4. No request of HTTP/1.1 begins like it.
PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SILENT: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_FULL: Final = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

Factory = Callable[[], asyncio.Protocol]


class Listener:
    """`handed_over` tells how many connections the two protocols have."""

    def __init__(
        self, settings: Settings, http1: Factory, http2: Factory, handed_over: Callable[[], int], clients: Clients
    ) -> None:
        self.settings = settings
        self.clients = clients
        self.http1 = http1
        self.http2 = http2
        self.sniffing: set[Sniffer] = set()
        self._handed_over = handed_over
        self._servers: list[asyncio.Server] = []

    async def start(self, tls: ssl.SSLContext | None) -> list[str]:
        """Accepts from now on; the URLs, the plain one first. Raises OSError when an address cannot be had."""
        try:
            urls = [await self._listen(self.settings.port, None)]
            if tls is not None:
                urls.append(await self._listen(self.settings.tls_port, tls))
        except BaseException:
            self.close()
            raise
        return urls

    async def _listen(self, port: int, tls: ssl.SSLContext | None) -> str:
        options: dict[str, Any] = {}
        if tls is not None:
            options = {"ssl": tls, "ssl_handshake_timeout": self.settings.request_timeout_s}
        server = await asyncio.get_running_loop().create_server(
            lambda: Sniffer(self), self.settings.host, port, backlog=1024, reuse_address=True, **options
        )
        self._servers.append(server)
        host, bound = server.sockets[0].getsockname()[:2]
        scheme = "http" if tls is None else "https"
        return f"{scheme}://[{host}]:{bound}" if ":" in host else f"{scheme}://{host}:{bound}"

    @property
    def open_connections(self) -> int:
        return len(self.sniffing) + self._handed_over()

    @property
    def is_full(self) -> bool:
        return self.open_connections >= self.settings.max_connections

    def close(self) -> None:
        """Accepts no more; connections that have not said what they speak are dropped."""
        for server in self._servers:
            server.close()
        for sniffer in list(self.sniffing):
            sniffer.give_up()


class Sniffer(asyncio.Protocol):
    """A connection until its first bytes are there."""

    __slots__ = ("_client", "_head", "_listener", "_timer", "_transport")

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._transport: Any = None
        self._timer: asyncio.TimerHandle | None = None
        self._head = b""
        self._client: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        client = address_of(transport.get_extra_info("peername"))
        if self._listener.is_full or not self._listener.clients.connect(client):
            self._transport.write(_FULL)
            self._transport.close()
            return
        self._client = client
        self._listener.sniffing.add(self)
        timeout_s = self._listener.settings.request_timeout_s
        self._timer = asyncio.get_running_loop().call_later(timeout_s, self._on_silence)

    def data_received(self, data: bytes) -> None:
        if self._timer is None:
            return  # refused
        head = self._head + data
        if not PREFACE.startswith(head[: len(PREFACE)]):
            self._hand_over(self._listener.http1(), head)
        elif len(head) >= len(PREFACE):
            self._hand_over(self._listener.http2(), head)
        else:
            self._head = head

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        if self._client is not None:
            self._listener.clients.disconnect(self._client)

    def give_up(self) -> None:
        self._leave()
        self._transport.abort()

    def _on_silence(self) -> None:
        self._leave()
        self._transport.write(_SILENT)
        self._transport.close()

    def _hand_over(self, protocol: asyncio.Protocol, head: bytes) -> None:
        self._leave()
        self._client = None  # whoever has it now counts it out
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(head)

    def _leave(self) -> None:
        self._listener.sniffing.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
