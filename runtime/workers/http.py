"""The server's side of an HTTP/1.1 connection with a program on this machine: h11 has no IO, sockets never block.

Unlike a server for the world this one has one client, whose process is bounded and mortal: there are no timeouts here,
its deadline is the worker's.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Iterable
from typing import Protocol

import h11

READ_BYTES = 65_536
MAX_HEAD_BYTES = 65_536

Headers = Iterable[tuple[bytes, bytes]]


class Peer(Protocol):
    """Who answers requests. Each call is followed by one `Connection.respond`, at any time."""

    def began(self, connection: "Connection", request: h11.Request) -> None:
        """A request's head has arrived."""

    def data(self, connection: "Connection", data: bytes) -> None:
        """A piece of its body."""

    def finished(self, connection: "Connection", trailers: dict[bytes, bytes]) -> None:
        """Its end."""

    def gone(self, connection: "Connection") -> None:
        """The client has closed, or sent nonsense; nothing more comes."""


class Connection:
    """One client, one request at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, peer: Peer) -> None:
        sock.setblocking(False)
        self._loop = loop
        self._sock = sock
        self._peer = peer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._outbox: deque[memoryview] = deque()
        self._open = True
        self._reading = False
        self.resume()

    def pause(self) -> None:
        """Reads no further until `resume`: the client's writes will wait."""
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._sock)

    def resume(self) -> None:
        """Reads on."""
        if self._open and not self._reading:
            self._reading = True
            self._loop.add_reader(self._sock, self.receive)

    def respond(self, status: int, headers: Headers = (), body: bytes = b"") -> None:
        """Answers the present request, and goes on to the next when its body has ended."""
        if not self._open:
            return
        length = (b"Content-Length", str(len(body)).encode())
        self._send(h11.Response(status_code=status, headers=[*headers, length]))
        self._send(h11.Data(data=body))
        self._send(h11.EndOfMessage())
        self._flush()

    def receive(self) -> bool:
        """Reads once; whether there was something."""
        if not self._open:
            return False
        try:
            data = self._sock.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            data = b""
        try:
            self._http.receive_data(data)
            self._advance()
        except h11.RemoteProtocolError:
            self._fail()
        return bool(data) and self._open

    def close(self) -> None:
        """Lets go of the socket; the peer hears nothing more."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._sock)
            self._loop.remove_writer(self._sock)
            self._outbox.clear()
            self._sock.close()

    def _advance(self) -> None:
        while self._open:
            event = self._http.next_event()
            if event is h11.PAUSED:
                if self._http.our_state is not h11.DONE:
                    return  # the next request waits until this one is answered
                self._http.start_next_cycle()
            elif event is h11.NEED_DATA:
                self._encourage()
                return
            elif isinstance(event, h11.Request):
                self._peer.began(self, event)
            elif isinstance(event, h11.Data):
                self._peer.data(self, bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                self._peer.finished(self, dict(event.headers))
            else:
                self._fail()

    def _encourage(self) -> None:
        if self._http.they_are_waiting_for_100_continue:
            self._send(h11.InformationalResponse(status_code=100, headers=[]))
            self._flush()

    def _send(self, event: h11.Response | h11.InformationalResponse | h11.Data | h11.EndOfMessage) -> None:
        data = self._http.send(event)
        if data:
            self._outbox.append(memoryview(data))

    def _flush(self) -> None:
        try:
            while self._outbox:  # all pieces in one call: each would wake the client
                self._forget(self._sock.sendmsg(list(self._outbox)[:16]))
        except (BlockingIOError, InterruptedError):
            self._loop.add_writer(self._sock, self._flush)
            return
        except OSError:
            self._outbox.clear()  # the reader hears of it too
        self._loop.remove_writer(self._sock)
        self._turn()

    def _forget(self, sent: int) -> None:
        while sent:
            first = self._outbox.popleft()
            if sent < len(first):
                self._outbox.appendleft(first[sent:])
                return
            sent -= len(first)

    def _turn(self) -> None:
        """After an answer: closes if the client wants so, or takes up a request that has arrived meanwhile."""
        if self._http.our_state is h11.MUST_CLOSE:
            self._fail()
        elif self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._loop.call_soon(self._resume_parsing)

    def _resume_parsing(self) -> None:
        try:
            self._advance()
        except h11.RemoteProtocolError:
            self._fail()

    def _fail(self) -> None:
        if self._open:
            self.close()
            self._peer.gone(self)
