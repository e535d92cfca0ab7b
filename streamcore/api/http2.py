"""The HTTP/2 front door, on the sans-IO library h2: the same APIs, bounds and answers as HTTP/1.1.

One `Connection` per socket, one task per request. What a client can make us hold is bounded: streams at once, sizes of
header lists and bodies, answers by flow control in both directions, and resets and other frames that ask for work and
carry none (`Patience`). https://www.rfc-editor.org/rfc/rfc9113
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from typing import Any, Final

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import Event
from h2.exceptions import FrameTooLargeError, H2Error, ProtocolError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import Frame, GoAwayFrame

from streamcore import config
from streamcore.api.clients import address_of
from streamcore.api.door import STREAM_HELD_BYTES, Door
from streamcore.api.http import BodyBroken, Peer, Request, Response, StreamingResponse
from streamcore.config import Auth

log = logging.getLogger(__name__)

#: Requests at once on one connection; a client has at least 100 by RFC 9113's advice.
STREAMS_MAX: Final = 256
HEADER_LIST_MAX_BYTES: Final = 64 * 1024
#: What a client may send ahead: on one stream, on all of them. Larger windows make large puts no faster on loopback.
STREAM_WINDOW_BYTES: Final = 1024 * 1024
CONNECTION_WINDOW_BYTES: Final = 4 * 1024 * 1024
_OURS: Final = {
    SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS_MAX,
    SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW_BYTES,
    SettingCodes.MAX_HEADER_LIST_SIZE: HEADER_LIST_MAX_BYTES,
}
#: What is handed to the transport at once.
WRITE_BYTES: Final = 256 * 1024
#: A stream that takes no byte of an event for so long is reset: the life of a subscription.
EVENT_STALL_S: Final = 300.0


class Patience:
    """How many frames that make work and carry none a client has left (rapid reset, CVE-2023-44487; floods of PING,
    SETTINGS, PRIORITY and empty DATA, CVE-2019-9511 ff.). Every answer gives some of it back."""

    FULL: Final = 1000
    RESET: Final = 10
    FRAME: Final = 1

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = self.FULL

    def spend(self, cost: int) -> bool:
        """False when it is used up."""
        self.left -= cost
        return self.left >= 0

    def restore(self, gain: int) -> None:
        self.left = min(self.FULL, self.left + gain)

    def __repr__(self) -> str:
        return f"<Patience {self.left}/{self.FULL}>"


class _H2(H2Connection):
    """h2 takes a GOAWAY for the end of everything. It is not (RFC 9113, 6.8): a client that sends one still waits for
    the answers that are due; Node's `close()` does so."""

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        if frame.error_code != ErrorCodes.NO_ERROR:
            return super()._receive_goaway_frame(frame)
        terminated = events.ConnectionTerminated()
        terminated.error_code = ErrorCodes.NO_ERROR
        terminated.last_stream_id = frame.last_stream_id
        return [], [terminated]

    def check_pending(self) -> None:
        """Raises ProtocolError for a frame that is announced too large: h2 itself looks at the length only once it has
        gathered the whole frame, up to 16 MiB of it."""
        pending = self.incoming_buffer._data
        if len(pending) >= 3 and int.from_bytes(pending[:3], "big") > self.max_inbound_frame_size:
            self.close_connection(ErrorCodes.FRAME_SIZE_ERROR)
            raise FrameTooLargeError("a frame is announced too large")


class Http2Server:
    """Makes the connections and ends them."""

    def __init__(self, settings: config.Settings, door: Door) -> None:
        self.settings = settings
        self.door = door
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    def __call__(self) -> Connection:
        return Connection(self)

    async def shutdown(self, timeout_s: float) -> None:
        """Tells every client to go away, lets requests in progress end, cuts what is left after `timeout_s`."""
        for connection in list(self.connections):
            connection.start_draining()
        waiting = [connection.closed for connection in self.connections]
        if waiting:
            await asyncio.wait(waiting, timeout=timeout_s)
        for connection in list(self.connections):
            connection.cut()
        await asyncio.gather(*self.tasks, return_exceptions=True)


class _Feed:
    """A body that is taken piece by piece. The client's window for the stream opens only with what was taken, so no
    more than a window waits here."""

    __slots__ = ("_connection", "_id", "_is_broken", "_is_whole", "_pieces", "_timeout_s", "_waiter")

    def __init__(self, connection: Connection, stream_id: int, timeout_s: float) -> None:
        self._connection = connection
        self._id = stream_id
        self._timeout_s = timeout_s
        self._pieces: list[bytes] = []
        self._is_whole = False
        self._is_broken = False
        self._waiter: asyncio.Future[None] | None = None

    def __aiter__(self) -> _Feed:
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if self._is_broken:
                raise BodyBroken(is_late=False)
            if self._is_whole:
                raise StopAsyncIteration
            await self._wait()
        taken, self._pieces = self._pieces, []
        data = taken[0] if len(taken) == 1 else b"".join(taken)
        self._connection.open_window(self._id, len(data))
        return data

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._waiter
        except TimeoutError:
            raise BodyBroken(is_late=True) from None
        finally:
            self._waiter = None

    def put(self, data: bytes) -> None:
        self._pieces.append(data)
        self._wake()

    def end(self) -> None:
        self._is_whole = True
        self._wake()

    def abandon(self) -> None:
        """The client takes the request back."""
        self._is_broken = True
        self._pieces.clear()
        self._wake()

    @property
    def is_whole(self) -> bool:
        return self._is_whole

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Stream:
    """A request on its way in, then its answer on its way out."""

    __slots__ = (
        "body",
        "feed",
        "headers",
        "held_bytes",
        "id",
        "is_counted",
        "is_refused",
        "method",
        "path",
        "query",
        "task",
        "timer",
        "waiter",
    )

    def __init__(self, stream_id: int, fields: list[tuple[bytes, bytes]]) -> None:
        self.id = stream_id
        self.headers: dict[str, str] = {}
        for raw_name, raw_value in fields:
            name, value = raw_name.decode("latin-1"), raw_value.decode("utf-8", "surrogateescape")
            if name in self.headers:
                value = f"{self.headers[name]}{'; ' if name == 'cookie' else ', '}{value}"
            self.headers[name] = value
        self.method = self.headers.pop(":method", "")
        self.path, _, self.query = self.headers.pop(":path", "").partition("?")
        authority = self.headers.pop(":authority", None)
        if authority is not None:
            self.headers.setdefault("host", authority)
        for pseudo in (":scheme", ":protocol"):
            self.headers.pop(pseudo, None)
        self.body: list[bytes] = []
        self.held_bytes = 0
        self.is_refused = False
        self.is_counted = False
        self.feed: _Feed | None = None
        self.task: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.waiter: asyncio.Future[None] | None = None

    @property
    def declared_bytes(self) -> int:
        length = self.headers.get("content-length", "0")
        return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else sys.maxsize

    def request(self, peer: Peer | None) -> Request:
        body = self.body[0] if len(self.body) == 1 else b"".join(self.body)
        self.body = []
        return Request(self.method, self.path, self.headers, body, self.query, self.feed, peer)

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def __repr__(self) -> str:
        return f"<Stream {self.id} {self.method} {self.path}, {self.held_bytes} bytes held>"


class _Peer:
    """The other end of a connection."""

    __slots__ = ("_transport",)

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    @property
    def address(self) -> str:
        name = self._transport.get_extra_info("peername")
        return str(name[0]) if name else ""

    @property
    def is_tls(self) -> bool:
        return self._transport.get_extra_info("sslcontext") is not None


class Connection(asyncio.Protocol):
    """One HTTP/2 connection. Everything but `_serve` runs in the transport's callbacks."""

    def __init__(self, server: Http2Server) -> None:
        self._server = server
        self._settings = server.settings
        self._door = server.door
        self._loop = asyncio.get_running_loop()
        config = H2Configuration(
            client_side=False, header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self._h2 = _H2(config)
        self._transport: Any = None
        self._client = ""
        self._streams: dict[int, _Stream] = {}
        self._patience = Patience()
        self._is_paused = False
        self._is_draining = False
        self._idle: asyncio.TimerHandle | None = None
        self.closed: asyncio.Future[None] = self._loop.create_future()

    # ------------------------------------------------------------ the transport's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._client = address_of(transport.get_extra_info("peername"))
        self._server.connections.add(self)
        self._h2.local_settings = Settings(client=False, initial_values=_OURS)
        self._h2.initiate_connection()
        # A client may begin more streams before it has read our settings: those we refuse one by one, as RFC 9113
        # (5.1.2) advises, while h2 would end the connection. So it is told that there is no bound.
        self._h2.local_settings.max_concurrent_streams = 2**31 - 1
        self._h2.local_settings.acknowledge()
        self._h2.increment_flow_control_window(CONNECTION_WINDOW_BYTES - 65_535)
        self._flush()
        self._watch_idle()

    def data_received(self, data: bytes) -> None:
        try:
            for event in self._h2.receive_data(data):
                handle = _HANDLERS.get(type(event))
                if handle is not None:
                    handle(self, event)
            self._h2.check_pending()
        except ProtocolError as error:
            log.debug("a client broke the protocol: %s", error)
            self._flush()  # h2 has put a GOAWAY there that says why
            self._transport.close()
            return
        except Exception:
            log.exception("a connection failed")
            self._transport.abort()
            return
        self._flush()

    def eof_received(self) -> None:
        """Closes the transport: there are no half-open connections in HTTP/2."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        self._door.clients.disconnect(self._client)
        self._stop_idle()
        for stream in list(self._streams.values()):
            self._drop(stream)
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        """The client does not read: neither do we, so that what it asks for does not pile up here."""
        self._is_paused = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._is_paused = False
        self._transport.resume_reading()
        self._wake_all()

    # ------------------------------------------------------------ ending

    def start_draining(self) -> None:
        """No new requests; the connection ends with the last answer."""
        if self._is_draining:
            return
        self._is_draining = True
        # Written by hand: after its own GOAWAY h2 sends nothing any more, not even the answers that are due.
        goaway = GoAwayFrame(0, last_stream_id=self._h2.highest_inbound_stream_id, error_code=ErrorCodes.NO_ERROR)
        self._transport.write(goaway.serialize())
        self._close_if_done()

    def cut(self) -> None:
        """Cancels what is still under way and closes."""
        for stream in list(self._streams.values()):
            self._reset(stream.id, ErrorCodes.CANCEL)
            self._drop(stream)
        self._transport.abort() if self._is_paused else self._transport.close()

    def _close_if_done(self) -> None:
        if self._is_draining and not self._streams:
            self._flush()
            self._transport.close()

    def _lose_patience(self, cost: int) -> None:
        if not self._patience.spend(cost):
            log.warning("a client was sent away: too many resets or frames without content")
            self._h2.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
            self._flush()
            self._transport.abort() if self._is_paused else self._transport.close()
            raise ProtocolError("too many resets or frames without content")

    # ------------------------------------------------------------ requests

    def _on_request(self, event: events.RequestReceived) -> None:
        stream = _Stream(event.stream_id, event.headers)
        if self._is_draining or len(self._streams) >= STREAMS_MAX:
            self._reset(stream.id, ErrorCodes.REFUSED_STREAM)
            self._lose_patience(Patience.RESET)
            return
        self._stop_idle()
        self._streams[stream.id] = stream
        is_streamed = event.stream_ended is None and self._door.streams(
            stream.method, stream.path, stream.headers, stream.query
        )
        size = STREAM_HELD_BYTES if is_streamed else stream.declared_bytes
        stream.is_counted = self._door.clients.begin(self._client)
        refusal = self._door.refuse(size, stream.method, stream.path) if stream.is_counted else self._door.too_many()
        if refusal is not None:
            self._refuse(stream, refusal)
        elif is_streamed:
            self._hold(stream, size)
            stream.feed = _Feed(self, stream.id, self._settings.request_timeout_s)
            if stream.headers.get("expect", "").lower() == "100-continue":
                self._h2.send_headers(stream.id, [(b":status", b"100")])
            self._start(stream, None)
        elif event.stream_ended is None:
            stream.timer = self._loop.call_later(self._settings.request_timeout_s, self._on_too_slow, stream)
            if stream.headers.get("expect", "").lower() == "100-continue":
                self._h2.send_headers(stream.id, [(b":status", b"100")])

    def _on_data(self, event: events.DataReceived) -> None:
        fed = self._streams.get(event.stream_id)
        if fed is not None and fed.feed is not None:
            self._feed(fed.feed, event)
            return
        if event.flow_controlled_length:
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        size = len(event.data)
        if size == 0 and event.stream_ended is None:
            self._lose_patience(Patience.FRAME)
        stream = self._streams.get(event.stream_id)
        if stream is None or stream.is_refused:
            return
        refusal = self._door.refuse(size, stream.method, stream.path)
        if not self._door.takes(stream.held_bytes + size, stream.method, stream.path):
            refusal = self._door.too_large(stream.method, stream.path)
        if refusal is not None:
            self._refuse(stream, refusal)
            return
        self._hold(stream, size)
        stream.body.append(event.data)

    def _feed(self, feed: _Feed, event: events.DataReceived) -> None:
        """Other streams of the connection go on, however slowly this one is taken: only its own window stays shut."""
        size = len(event.data)
        if event.flow_controlled_length:
            self._h2.increment_flow_control_window(event.flow_controlled_length)
        if size:
            feed.put(event.data)
        elif event.stream_ended is None:
            self._lose_patience(Patience.FRAME)
        padding = event.flow_controlled_length - size
        if padding and event.stream_ended is None:
            self._h2.increment_flow_control_window(padding, event.stream_id)

    def open_window(self, stream_id: int, size_bytes: int) -> None:
        """So much of a stream's body was taken: the client may send as much again."""
        stream = self._streams.get(stream_id)
        if stream is None or stream.feed is None or stream.feed.is_whole or self._transport.is_closing():
            return
        try:
            self._h2.increment_flow_control_window(size_bytes, stream_id)
            self._flush()
        except H2Error:
            pass  # the stream, or the connection, has ended already

    def _on_end(self, event: events.StreamEnded) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is not None and stream.feed is not None:
            stream.feed.end()
        elif stream is not None and not stream.is_refused:
            stream.stop_timer()
            self._start(stream, None)

    def _on_too_slow(self, stream: _Stream) -> None:
        self._refuse(stream, self._door.too_slow())
        self._flush()

    def _on_reset(self, event: events.StreamReset) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is not None:
            self._drop(stream)
        self._lose_patience(Patience.RESET)

    def _on_window(self, event: events.WindowUpdated) -> None:
        if event.stream_id == 0:
            self._wake_all()
        else:
            stream = self._streams.get(event.stream_id)
            if stream is not None:
                stream.wake()

    def _on_settings(self, event: events.RemoteSettingsChanged) -> None:
        self._lose_patience(Patience.FRAME)
        self._wake_all()

    def _on_empty(self, event: Event) -> None:
        self._lose_patience(Patience.FRAME)

    def _on_goaway(self, event: events.ConnectionTerminated) -> None:
        # A goodbye forbids us to open streams, which we never do. The client still waits for its answers, may have
        # requests under way behind the GOAWAY (Node has), and closes when it is done; else it is idle at last.
        if event.error_code != ErrorCodes.NO_ERROR:
            self._transport.close()

    def _refuse(self, stream: _Stream, refusal: Response) -> None:
        """Answers before the body is there, and takes no more of it."""
        stream.is_refused = True
        stream.stop_timer()
        stream.body.clear()
        self._start(stream, refusal)

    def _start(self, stream: _Stream, refusal: Response | None) -> None:
        stream.task = self._loop.create_task(self._serve(stream, refusal))
        self._server.tasks.add(stream.task)
        stream.task.add_done_callback(self._server.tasks.discard)

    def _hold(self, stream: _Stream, size_bytes: int) -> None:
        stream.held_bytes += size_bytes
        self._door.inflight_bytes += size_bytes

    def _drop(self, stream: _Stream) -> None:
        """Nobody waits for this answer any more."""
        if self._streams.pop(stream.id, None) is None:
            return
        stream.stop_timer()
        if stream.feed is not None:
            stream.feed.abandon()
        self._door.inflight_bytes -= stream.held_bytes
        stream.held_bytes = 0
        if stream.is_counted:
            self._door.clients.end(self._client)
        if stream.task is not None and stream.task is not asyncio.current_task():
            stream.task.cancel()
        if not self._streams and not self._transport.is_closing():
            self._watch_idle()
            self._close_if_done()

    def _reset(self, stream_id: int, code: ErrorCodes) -> None:
        try:
            self._h2.reset_stream(stream_id, code)
            self._flush()
        except H2Error:
            pass  # the stream, or the connection, has ended already

    # ------------------------------------------------------------ answers

    def _peer(self) -> Peer | None:
        """The other end, where somebody decides by it."""
        if self._settings.auth is Auth.OFF:
            return None
        return _Peer(self._transport)

    async def _serve(self, stream: _Stream, refusal: Response | None) -> None:
        """Answers one request; whatever happens, the stream has ended afterwards and nothing is held for it."""
        code: ErrorCodes | None = ErrorCodes.CANCEL
        try:
            api = self._door.api(stream.path, stream.headers, stream.query)
            answer = refusal or await api.handle(stream.request(self._peer()))
            if isinstance(answer, StreamingResponse):
                await self._send_events(stream, answer)
            else:
                await self._send_whole(stream, answer)
            is_cut = refusal is not None or (stream.feed is not None and not stream.feed.is_whole)
            code = ErrorCodes.NO_ERROR if is_cut else None
            self._patience.restore(Patience.RESET)
        except (H2Error, ConnectionError, KeyError) as error:
            log.debug("%r went away: %r", stream, error)
        except TimeoutError:
            log.debug("%r did not take its answer", stream)
        except Exception:
            code = ErrorCodes.INTERNAL_ERROR
            log.exception("%r failed", stream)
        finally:
            if code is not None and stream.id in self._streams:
                self._reset(stream.id, code)
            self._drop(stream)

    async def _send_whole(self, stream: _Stream, answer: Response) -> None:
        has_body = answer.status not in (204, 304) and stream.method != "HEAD"
        fields = _fields(answer)
        if has_body or (answer.status != 304 and answer.body):
            fields.append((b"content-length", b"%d" % len(answer.body)))
        is_empty = not has_body or not answer.body
        self._h2.send_headers(stream.id, fields, end_stream=is_empty)
        if is_empty:
            self._flush()
            return
        async with asyncio.timeout(None) as deadline:
            await self._send(stream, answer.body, deadline, self._settings.request_timeout_s, end_stream=True)

    async def _send_events(self, stream: _Stream, answer: StreamingResponse) -> None:
        try:
            self._h2.send_headers(stream.id, _fields(answer))
            self._flush()
            async for event in answer.events:
                async with asyncio.timeout(None) as deadline:
                    await self._send(stream, event, deadline, EVENT_STALL_S, end_stream=False)
                self._patience.restore(Patience.FRAME)
            self._h2.end_stream(stream.id)
            self._flush()
        finally:
            close = getattr(answer.events, "aclose", None)
            if close is not None:
                await close()

    async def _send(
        self, stream: _Stream, data: bytes, deadline: asyncio.Timeout, stall_s: float, *, end_stream: bool
    ) -> None:
        """Sends data as the client's windows and the transport allow. Raises TimeoutError when nothing of it could be
        sent for `stall_s`."""
        view = memoryview(data)
        while True:
            while self._is_paused or self._h2.local_flow_control_window(stream.id) <= 0:
                deadline.reschedule(self._loop.time() + stall_s)
                await self._moved(stream)
                deadline.reschedule(None)
            at = 0
            while at < min(len(view), WRITE_BYTES):
                room = min(self._h2.local_flow_control_window(stream.id), self._h2.max_outbound_frame_size)
                piece = view[at : at + room]
                if not piece:
                    break
                at += len(piece)
                self._h2.send_data(stream.id, piece, end_stream=end_stream and at == len(view))
            view = view[at:]
            self._flush()
            if not view:
                return

    async def _moved(self, stream: _Stream) -> None:
        """Waits for the client's window to open or the transport to take more."""
        stream.waiter = self._loop.create_future()
        try:
            await stream.waiter
        finally:
            stream.waiter = None

    def _wake_all(self) -> None:
        for stream in self._streams.values():
            stream.wake()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)

    # ------------------------------------------------------------ idling

    def _watch_idle(self) -> None:
        self._stop_idle()
        self._idle = self._loop.call_later(self._settings.idle_timeout_s, self.start_draining)

    def _stop_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def __repr__(self) -> str:
        return f"<Http2Connection {len(self._streams)} streams, {self._patience!r}>"


_HANDLERS: Final[dict[type[Event], Callable[[Connection, Any], None]]] = {
    events.RequestReceived: Connection._on_request,
    events.DataReceived: Connection._on_data,
    events.StreamEnded: Connection._on_end,
    events.StreamReset: Connection._on_reset,
    events.WindowUpdated: Connection._on_window,
    events.RemoteSettingsChanged: Connection._on_settings,
    events.ConnectionTerminated: Connection._on_goaway,
    events.PingReceived: Connection._on_empty,
    events.PriorityUpdated: Connection._on_empty,
    events.SettingsAcknowledged: Connection._on_empty,
    events.UnknownFrameReceived: Connection._on_empty,
}


def _fields(answer: Response | StreamingResponse) -> list[tuple[bytes, bytes]]:
    fields = [(b":status", b"%d" % answer.status)]
    fields += [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    fields += [(b"set-cookie", cookie.encode()) for cookie in answer.cookies]
    return fields
