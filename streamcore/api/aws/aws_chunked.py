"""The framing `aws-chunked`, in which SDKs sign or sum up a body while they send it:

    400;chunk-signature=…\\r\\n<1024 bytes>\\r\\n … 0;chunk-signature=…\\r\\nx-amz-checksum-crc32:…\\r\\n\\r\\n

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html  Signatures are not verified.
"""

from __future__ import annotations

import re
from typing import Final

LINE_MAX_BYTES: Final = 1024
TRAILERS_MAX: Final = 20
_SIZE: Final = re.compile(rb"\A([0-9a-fA-F]{1,12})(?:;[^\r\n]*)?\Z")


class ChunkError(ValueError):
    """The framing is broken."""


class ChunkedDecoder:
    """Takes the framing off, piece by piece. `trailers` are there once it `is_complete`."""

    def __init__(self) -> None:
        self.trailers: dict[str, str] = {}
        self.is_complete = False
        self._line = b""
        self._left = 0
        self._state = self._size

    def feed(self, piece: bytes) -> list[bytes]:
        """The data in this piece. Raises ChunkError."""
        found: list[bytes] = []
        at = 0
        while at < len(piece):
            if self._left:
                data = piece[at : at + self._left]
                found.append(data)
                self._left -= len(data)
                at += len(data)
                continue
            end = piece.find(b"\n", at)
            stop = len(piece) if end < 0 else end
            self._line += piece[at:stop]
            at = stop + 1
            if len(self._line) > LINE_MAX_BYTES:
                raise ChunkError("a line of the framing is too long")
            if end >= 0:
                line, self._line = self._line.removesuffix(b"\r"), b""
                self._state(line)
        return found

    def _size(self, line: bytes) -> None:
        match = _SIZE.match(line)
        if match is None or self.is_complete:
            raise ChunkError("a chunk has no size")
        self._left = int(match[1], 16)
        self._state = self._after_data if self._left else self._trailer

    def _after_data(self, line: bytes) -> None:
        if line:
            raise ChunkError("a chunk is longer than its size")
        self._state = self._size

    def _trailer(self, line: bytes) -> None:
        if self.is_complete:
            if line:
                raise ChunkError("something follows the last chunk")
            return
        if not line:
            self.is_complete = True
            return
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or len(self.trailers) >= TRAILERS_MAX:
            raise ChunkError("a trailer is none")
        self.trailers[name.strip().lower()] = value.strip()

    def finish(self) -> None:
        """Nothing more comes. Raises ChunkError when something is missing."""
        if self._state == self._trailer and not self._line and not self._left:
            self.is_complete = True  # some clients leave out the empty line at the end
        if not self.is_complete:
            raise ChunkError("the last chunk is missing")
