"""A result that is read while the handler still writes it: bounded, and the handler waits for a slow reader."""

import asyncio
from collections import deque
from collections.abc import Callable

MAX_HELD_BYTES = 262_144  # what may wait for the reader before the handler's connection is read no further
MAX_STREAM_BYTES = 200 * 1024 * 1024  # AWS Lambda quota: streamed response


class ResponseStream:
    """Give one to `WorkerPool.invoke` and iterate over it meanwhile; it ends when the invocation has its outcome.

    `content_type` is what the runtime said of the result, known from the first piece on. What the handler had sent
    before it failed has been delivered by then: the outcome tells.
    """

    def __init__(self) -> None:
        self.content_type: str | None = None
        self.sent_bytes = 0
        self._pieces: deque[bytes] = deque()
        self._held_bytes = 0
        self._changed = asyncio.Event()
        self._ended = False
        self._abandoned = False
        self._resume: Callable[[], None] | None = None

    def __repr__(self) -> str:
        return f"<ResponseStream sent={self.sent_bytes} held={self._held_bytes} ended={self._ended}>"

    def feed(self, piece: bytes) -> bool:
        """Adds a piece; whether there is room for more."""
        self.sent_bytes += len(piece)
        if piece and not self._abandoned:
            self._pieces.append(piece)
            self._held_bytes += len(piece)
            self._changed.set()
        return self._held_bytes < MAX_HELD_BYTES

    def when_room(self, resume: Callable[[], None]) -> None:
        """Has `resume` called once, when the reader has caught up."""
        self._resume = resume

    def end(self) -> None:
        """No piece follows."""
        self._ended = True
        self._changed.set()

    def abandon(self) -> None:
        """Nobody reads any more: what comes is thrown away, so that the handler can finish."""
        self._abandoned = True
        self._pieces.clear()
        self._held_bytes = 0
        self._make_room()

    def __aiter__(self) -> "ResponseStream":
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if self._ended:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        piece = self._pieces.popleft()
        self._held_bytes -= len(piece)
        if self._held_bytes < MAX_HELD_BYTES // 2:
            self._make_room()
        return piece

    def _make_room(self) -> None:
        resume, self._resume = self._resume, None
        if resume is not None:
            resume()
