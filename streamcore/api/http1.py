"""A connection of HTTP/1.1: aiohttp's protocol with bounds on what a client may leave undone - heads that do not end,
answers that it does not take."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from streamcore.api.clients import address_of
from streamcore.config import Settings

#: A stream of events whose reader takes nothing is cut off after this: the life of a subscription.
EVENT_STALL_S: Final = 300.0
#: Headers of a request; their size is bounded, too.
HEADERS_MAX: Final = 256
_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Handler(RequestHandler):
    """`client` is the address at the other end."""

    __slots__ = ("_body", "_head_bytes", "_head_timer", "_resumed", "_settings", "client", "stall_s")

    def __init__(self, manager: Any, settings: Settings, **options: Any) -> None:
        super().__init__(
            manager,
            keepalive_timeout=settings.idle_timeout_s,
            max_line_size=settings.max_header_bytes,
            max_field_size=settings.max_header_bytes,
            max_headers=HEADERS_MAX,
            **options,
        )
        self._settings = settings
        #: Of the last request whose head was whole.
        self._body: Any = None
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._resumed: asyncio.Future[None] | None = None
        self.client = ""
        self.stall_s = settings.request_timeout_s

    # ------------------------------------------------------------ heads

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.client = address_of(transport.get_extra_info("peername"))
        super().connection_made(transport)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        count, is_body = self._request_count, self._body is not None and not self._body.is_eof()
        super().data_received(data)
        if self._request_count != count:
            self._body = self._messages[-1][1]
            self._head_is_whole(len(data))
        elif data and not is_body:  # aiohttp goes on with nothing new, too
            self._head_goes_on(len(data))

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)
        self._wake()

    def _head_goes_on(self, size_bytes: int) -> None:
        if self._head_timer is None:
            self._watch_head()
        self._head_bytes += size_bytes
        if self._head_bytes > self._settings.max_header_bytes:
            self._refuse(_TOO_LARGE)

    def _head_is_whole(self, size_bytes: int) -> None:
        self._stop_timer()
        if self._head_bytes + size_bytes > self._settings.max_header_bytes:
            message = self._messages[-1][0]
            headers = getattr(message, "raw_headers", ())
            if sum(len(name) + len(value) + 4 for name, value in headers) > self._settings.max_header_bytes:
                self._messages.clear()
                self._refuse(_TOO_LARGE)
        self._head_bytes = 0

    def _watch_head(self) -> None:
        loop = asyncio.get_running_loop()
        self._head_timer = loop.call_later(self._settings.request_timeout_s, self._refuse, _TOO_SLOW)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, answer: bytes) -> None:
        self._stop_timer()
        transport = self.transport
        if transport is not None:
            transport.write(answer)
            transport.close()
        self.force_close()

    def handle_error(
        self, request: Any, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> Any:
        """What a client got wrong is no error of ours: strangers shall not fill the log."""
        if status != 400:
            return super().handle_error(request, status, exc, message)
        logging.getLogger(__name__).debug("%s sent no HTTP: %s", self.client, exc)
        answer = web.Response(status=400, text=f"{message or 'This is no HTTP request.'}\n")
        answer.force_close()
        return answer

    # ------------------------------------------------------------ answers

    def resume_writing(self) -> None:
        super().resume_writing()
        self._wake()

    def _wake(self) -> None:
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)

    async def _drain_helper(self) -> None:
        """Waits until the client has taken most of what was written; every write of aiohttp's and ours comes here.
        Raises ConnectionResetError when it took nothing for `stall_s`: then it is cut off."""
        while self._paused:
            transport = self.transport
            if transport is None:
                raise ConnectionResetError("the client went away")
            left = transport.get_write_buffer_size()
            self._resumed = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(self.stall_s):
                    await self._resumed
            except TimeoutError:
                if transport.get_write_buffer_size() >= left:
                    transport.abort()
                    raise ConnectionResetError("the client takes nothing of its answer") from None
            finally:
                self._resumed = None
        if self.transport is None:
            raise ConnectionResetError("the client went away")
