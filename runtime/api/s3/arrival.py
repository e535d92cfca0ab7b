"""Bodies on their way in: read piece by piece, taken out of their framing, held against what the client said of them
(length, MD5, SHA-256, checksums in headers or trailers)."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from typing import Final

import msgspec

from runtime.api.s3.app import base64_of
from runtime.model.s3.checksums import ALGORITHMS, check_algorithm, given_in, header_name, summing
from runtime.model.s3.errors import S3Error
from runtime.model.s3.values import UPLOAD_MAX_BYTES
from runtime.objects.blobs import Content
from runtime.objects.store import ObjectStore
from streamcore.api.aws.aws_chunked import ChunkedDecoder, ChunkError, ChunkSignatureError
from streamcore.api.aws.rest_xml import XmlCall
from streamcore.api.http import BodyBroken, Request
from streamcore.model.iam.sigv4 import ChunkSigner
from streamcore.model.xml import Node, XmlError, parse

#: Of a document, before it is parsed: 1,000 keys of 1,024 bytes in DeleteObjects, 10,000 parts.
DOCUMENT_MAX_BYTES: Final = 4 * 1024 * 1024
_SHA256: Final = "SHA256"


class Said(msgspec.Struct, frozen=True):
    """What a client said of its body; `checksum` is (algorithm, base64), `trailer` the algorithm of one that follows
    the body. MD5 and SHA-256 of the payload are hex."""

    md5: str = ""
    checksum: tuple[str, str] | None = None
    trailer: str = ""
    payload_sha256: str = ""
    size: int | None = None

    @property
    def algorithm(self) -> str:
        return self.checksum[0] if self.checksum else self.trailer

    @property
    def algorithms(self) -> set[str]:
        """What has to be summed up."""
        return ({self.algorithm} if self.algorithm else set()) | ({_SHA256} if self.payload_sha256 else set())


def said_in(headers: Mapping[str, str]) -> Said:
    """Raises S3Error: InvalidDigest, InvalidRequest, EntityTooLarge."""
    payload = headers.get("x-amz-content-sha256", "")
    is_hash = len(payload) == 64 and all(c in "0123456789abcdef" for c in payload)
    trailer = headers.get("x-amz-trailer", "").strip().lower().removeprefix("x-amz-checksum-")
    checksum = given_in(headers)
    named = headers.get("x-amz-sdk-checksum-algorithm", "")
    if named:
        check_algorithm(named)
    if trailer:
        trailer = check_algorithm(trailer)
        if checksum is not None:
            raise S3Error("InvalidRequest", "Expecting a single x-amz-checksum- header")
    is_framed = payload.startswith("STREAMING-")
    text = headers.get("x-amz-decoded-content-length" if is_framed else "content-length")
    size = int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None
    if is_framed and size is None:
        raise S3Error("MissingContentLength")
    if size is not None and size > UPLOAD_MAX_BYTES:
        raise S3Error("EntityTooLarge", MaxSizeAllowed=str(UPLOAD_MAX_BYTES), ProposedSize=str(size))
    return Said(_md5_in(headers), checksum, trailer, payload if is_hash else "", size)


def _md5_in(headers: Mapping[str, str]) -> str:
    text = headers.get("content-md5")
    if text is None:
        return ""
    try:
        raw = b64decode(text.strip(), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 16:
        raise S3Error("InvalidDigest")
    return raw.hex()


class Arrival:
    """The body of a request."""

    def __init__(self, request: Request, said: Said | None = None, signer: ChunkSigner | None = None) -> None:
        """`signer` verifies the chunks of a body that is signed in chunks."""
        self._request = request
        self.said = said_in(request.headers) if said is None else said
        self._decoder: ChunkedDecoder | None = None
        if request.headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
            self._decoder = ChunkedDecoder(signer)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The content. Raises S3Error: IncompleteBody, RequestTimeout."""
        size = 0
        try:
            async for piece in self._raw():
                for data in (piece,) if self._decoder is None else self._decoder.feed(piece):
                    size += len(data)
                    yield data
            if self._decoder is not None:
                self._decoder.finish()
        except BodyBroken as error:
            raise S3Error("RequestTimeout" if error.is_late else "IncompleteBody") from None
        except ChunkSignatureError:
            raise S3Error("SignatureDoesNotMatch") from None
        except ChunkError:
            raise S3Error("IncompleteBody") from None
        if self.said.size is not None and size != self.said.size:
            raise S3Error("IncompleteBody")

    async def _raw(self) -> AsyncIterator[bytes]:
        if self._request.stream is None:
            if self._request.body:
                yield self._request.body
            return
        async for piece in self._request.stream:
            yield piece

    def check(self, md5: str, sums: Mapping[str, bytes]) -> None:
        """Holds what arrived against what was said. Raises S3Error: BadDigest, XAmzContentSHA256Mismatch,
        InvalidRequest."""
        said = self.said
        if said.md5 and said.md5 != md5:
            raise S3Error("BadDigest", ExpectedDigest=said.md5, CalculatedDigest=md5)
        if said.payload_sha256 and said.payload_sha256 != sums[_SHA256].hex():
            raise S3Error(
                "XAmzContentSHA256Mismatch",
                ClientComputedContentSHA256=said.payload_sha256,
                S3ComputedContentSHA256=sums[_SHA256].hex(),
            )
        wanted = said.checksum or self._trailing()
        if wanted is not None and wanted[1] != base64_of(sums[wanted[0]]):
            raise S3Error("BadDigest", f"The {wanted[0]} you specified did not match the calculated checksum.")

    def _trailing(self) -> tuple[str, str] | None:
        if not self.said.trailer:
            return None
        found = given_in({} if self._decoder is None else self._decoder.trailers)
        if found is None or found[0] != self.said.trailer:
            raise S3Error("InvalidRequest", "The trailer does not have the checksum that was announced.")
        return found

    async def content(self, store: ObjectStore, *more: str) -> Content:
        """Received and found to be as was said; `more` are further checksums. Raises S3Error, StorageFull."""
        content = await store.receive(self.pieces(), {*self.said.algorithms, *more}, UPLOAD_MAX_BYTES)
        try:
            self.check(content.md5, content.sums)
        except S3Error:
            await store.discard(content)
            raise
        return content


def arrival_of(call: XmlCall) -> Arrival:
    """The body of a call, with the signature of its chunks."""
    signer = None if call.grant is None else call.grant.caller.chunks
    return Arrival(call.request, signer=signer)


async def body_of(call: XmlCall, most: int = DOCUMENT_MAX_BYTES) -> bytes:
    """A small body, whole. Raises S3Error: MaxMessageLengthExceeded, BadDigest, …"""
    arrival = arrival_of(call)
    pieces, size = [], 0
    async for piece in arrival.pieces():
        size += len(piece)
        if size > most:
            raise S3Error("MaxMessageLengthExceeded", MaxMessageLengthBytes=str(most))
        pieces.append(piece)
    body = b"".join(pieces)
    arrival.check(*_summed(body, arrival.said))
    return body


def _summed(body: bytes, said: Said) -> tuple[str, dict[str, bytes]]:
    sums = {}
    for name in (*(said.algorithms & set(ALGORITHMS)), "MD5"):
        summing_up = summing(name)
        summing_up.update(body)
        sums[name] = summing_up.digest()
    return sums.pop("MD5").hex(), sums


async def document_of(call: XmlCall, name: str) -> Node:
    """The document in the body. Raises S3Error: MalformedXML, MissingRequestBodyError."""
    body = await body_of(call)
    if not body.strip():
        raise S3Error("MissingRequestBodyError")
    try:
        root = parse(body)
    except XmlError:
        raise S3Error("MalformedXML") from None
    if root.name != name:
        raise S3Error("MalformedXML")
    return root


__all__ = ["Arrival", "Said", "arrival_of", "body_of", "document_of", "header_name", "said_in"]
