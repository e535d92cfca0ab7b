"""The framing `aws-chunked`, in which SDKs sign or sum up a body while they send it:

    400;chunk-signature=…\\r\\n<1024 bytes>\\r\\n … 0;chunk-signature=…\\r\\nx-amz-checksum-crc32:…\\r\\n\\r\\n

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
Signatures are verified where there is somebody who knows the key (`signer`).
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from streamcore.model.iam.sigv4 import ChunkSigner

LINE_MAX_BYTES: Final = 1024
TRAILERS_MAX: Final = 20
_SIZE: Final = re.compile(rb"\A([0-9a-fA-F]{1,12})(?:;[^\r\n]*)?\Z")
_SIGNATURE: Final = re.compile(rb";chunk-signature=([0-9a-f]{64})\Z")
TRAILER_SIGNATURE: Final = "x-amz-trailer-signature"


class ChunkError(ValueError):
    """The framing is broken."""


class ChunkSignatureError(ChunkError):
    """A chunk, or the trailer, is not what its sender signed."""


class ChunkedDecoder:
    """Takes the framing off, piece by piece. `trailers` are there once it `is_complete`.

    With a `signer` each chunk is held against its signature when its last byte is there: what was given out of it
    before is void when that fails.
    """

    def __init__(self, signer: ChunkSigner | None = None) -> None:
        self.trailers: dict[str, str] = {}
        self.is_complete = False
        self._signer = signer
        self._signature = ""
        self._sum = hashlib.sha256()
        self._signed_trailers = b""
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
                if self._signer is not None:
                    self._sum.update(data)
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
        if self._signer is not None:
            signed = _SIGNATURE.search(line)
            if signed is None:
                raise ChunkSignatureError("a chunk has no signature")
            self._signature = signed[1].decode()
            if not self._left:
                self._check_chunk()

    def _check_chunk(self) -> None:
        assert self._signer is not None
        digest, self._sum = self._sum.hexdigest(), hashlib.sha256()
        if not self._signer.chunk_is_good(digest, self._signature):
            raise ChunkSignatureError("a chunk is not what was signed")

    def _after_data(self, line: bytes) -> None:
        if line:
            raise ChunkError("a chunk is longer than its size")
        if self._signer is not None:
            self._check_chunk()
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
        if name.strip().lower() != TRAILER_SIGNATURE:
            self._signed_trailers += f"{name.strip().lower()}:{value.strip()}\n".encode("latin-1")

    def finish(self) -> None:
        """Nothing more comes. Raises ChunkError when something is missing."""
        if self._state == self._trailer and not self._line and not self._left:
            self.is_complete = True  # some clients leave out the empty line at the end
        if not self.is_complete:
            raise ChunkError("the last chunk is missing")
        if self._signer is not None and self.trailers:
            signature = self.trailers.get(TRAILER_SIGNATURE, "")
            if not self._signer.trailer_is_good(self._signed_trailers, signature):
                raise ChunkSignatureError("the trailer is not what was signed")
