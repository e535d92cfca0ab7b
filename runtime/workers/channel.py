"""The broker's end of a socket that carries frames: never blocks, keeps what the kernel does not take yet."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable

import msgspec

from runtime.errors import FrameError
from runtime.workers.frames import READ_BYTES, Decoder, Frame


class Channel:
    """Frames over a stream socket. `on_frame` gets each frame; `on_end`, once, the reason why no more will come."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        on_frame: Callable[[Frame], None],
        on_end: Callable[[], None],
    ) -> None:
        sock.setblocking(False)
        self._loop = loop
        self._sock = sock
        self._on_frame = on_frame
        self._on_end = on_end
        self._decoder = Decoder()
        self._outbox: deque[memoryview] = deque()
        self._open = True
        loop.add_reader(sock, self._receive)

    def send(self, *pieces: bytes) -> None:
        """Sends now what the kernel takes, and the rest when it can."""
        if not self._open:
            return
        if not self._outbox:
            pieces = self._sent_at_once(pieces)
            if not pieces:
                return
            self._loop.add_writer(self._sock, self._flush)
        self._outbox.extend(memoryview(piece) for piece in pieces if piece)

    def _sent_at_once(self, pieces: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """What is left of them after one try: nothing, as a rule. Large ones are not joined."""
        if len(pieces[-1]) >= READ_BYTES:
            return pieces
        data = b"".join(pieces)
        try:
            sent = self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except ConnectionError:  # the reader hears of it too
            return ()
        return (data[sent:],) if sent < len(data) else ()

    def drain(self) -> None:
        """Reads what has arrived; for the moment when the other side is known to have ended."""
        while self._open and self._receive():
            pass

    def close(self) -> None:
        """Lets go of the socket; `on_end` is not called any more."""
        if self._open:
            self._open = False
            self._outbox.clear()
            self._loop.remove_reader(self._sock)
            self._loop.remove_writer(self._sock)
            self._sock.close()

    def _receive(self) -> bool:
        try:
            data = self._sock.recv(READ_BYTES)
            for frame in self._decoder.feed(data):
                self._on_frame(frame)
        except (BlockingIOError, InterruptedError):
            return False
        except (ConnectionError, FrameError, msgspec.DecodeError):
            # Handlers can reach this socket: what cannot be understood ends the worker, as a crash would.
            data = b""
        if not data:
            self._finish()
        return bool(data)

    def _flush(self) -> None:
        try:
            while self._outbox:
                sent = self._sock.sendmsg(list(self._outbox)[:16])
                self._forget(sent)
        except (BlockingIOError, InterruptedError):
            return
        except ConnectionError:  # the reader hears of it too, and ends the channel with what had been sent before
            self._outbox.clear()
        self._loop.remove_writer(self._sock)

    def _forget(self, sent: int) -> None:
        while sent:
            first = self._outbox.popleft()
            if sent < len(first):
                self._outbox.appendleft(first[sent:])
                return
            sent -= len(first)

    def _finish(self) -> None:
        if self._open:
            self.close()
            self._on_end()
