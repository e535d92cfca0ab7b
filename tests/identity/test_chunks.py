"""`aws-chunked` with signatures, as SDKs frame it."""

from __future__ import annotations

import hashlib
import time
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from streamcore.api.aws.aws_chunked import ChunkedDecoder, ChunkSignatureError
from streamcore.model.iam import sigv4
from streamcore.model.iam.sigv4 import ChunkSigner, Credential, Signature, Signed

KEY, AT, SCOPE, SEED = b"k" * 32, "20240131T120000Z", "20240131/r/s3/aws4_request", "0" * 64
TRAILER = b"x-amz-checksum-crc32:AAAAAA==\n"


class Framed(NamedTuple):
    url: str
    headers: dict[str, str]
    body: bytes


class Chain:
    """The client's half of the chain."""

    def __init__(self, key: bytes, at: str, scope: str, seed: str) -> None:
        self.key, self.head, self.last = key, f"{at}\n{scope}", seed

    def chunk(self, data: bytes) -> bytes:
        empty, digest = sigv4.EMPTY_SHA256, hashlib.sha256(data).hexdigest()
        self.last = sigv4.sign(self.key, f"AWS4-HMAC-SHA256-PAYLOAD\n{self.head}\n{self.last}\n{empty}\n{digest}")
        return f"{len(data):x};chunk-signature={self.last}\r\n".encode() + data + (b"\r\n" if data else b"")

    def trailer(self, lines: bytes) -> bytes:
        digest = hashlib.sha256(lines).hexdigest()
        self.last = sigv4.sign(self.key, f"AWS4-HMAC-SHA256-TRAILER\n{self.head}\n{self.last}\n{digest}")
        return lines.replace(b"\n", b"\r\n") + f"x-amz-trailer-signature:{self.last}\r\n\r\n".encode()


def framed(url: str, keys: dict[str, str], path: str, chunks: list[bytes], *, is_altered: bool) -> Framed:
    """A PUT whose chunks are signed; altered, the last one is not what was signed."""
    at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    credential = Credential(keys["aws_access_key_id"], at[:8], "eu-west-1", "s3")
    payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    headers = {
        "host": urlsplit(url).netloc,
        "x-amz-content-sha256": payload,
        "x-amz-date": at,
        "x-amz-decoded-content-length": str(sum(map(len, chunks))),
        "content-encoding": "aws-chunked",
    }
    names = tuple(sorted(headers))
    unsigned = Signature(credential, names, "", at)
    canonical = sigv4.canonical_request(Signed("PUT", path, "", headers, payload, single_encoding=True), unsigned)
    key = sigv4.key_of(keys["aws_secret_access_key"], credential)
    seed = sigv4.sign(key, sigv4.string_to_sign(unsigned, canonical))
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credential.access_key}/{credential.scope}, SignedHeaders={';'.join(names)}, "
        f"Signature={seed}"
    )
    chain = Chain(key, at, credential.scope, seed)
    body = b"".join(chain.chunk(chunk) for chunk in (*chunks, b"")) + b"\r\n"
    return Framed(url + path, headers, body.replace(b"bbb", b"bxb") if is_altered else body)


def signed_body() -> bytes:
    chain = Chain(KEY, AT, SCOPE, SEED)
    return chain.chunk(b"hello") + chain.chunk(b"world!") + chain.chunk(b"") + chain.trailer(TRAILER)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_signed_chunks_and_trailer(size: int) -> None:
    decoder = ChunkedDecoder(ChunkSigner(KEY, AT, SCOPE, SEED))
    body = signed_body()
    data = b"".join(part for at in range(0, len(body), size) for part in decoder.feed(body[at : at + size]))
    decoder.finish()
    assert data == b"helloworld!"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"hello", b"hullo"),
        (b"world!", b"world?"),
        (b";chunk-signature=", b";chunk-sig="),
        (b"AAAAAA==", b"AAAAAB=="),
        (b"x-amz-trailer-signature:", b"x-amz-trailer-signature:0"),
    ],
)
def test_what_was_not_signed(old: bytes, new: bytes) -> None:
    decoder = ChunkedDecoder(ChunkSigner(KEY, AT, SCOPE, SEED))

    def take() -> None:
        decoder.feed(signed_body().replace(old, new))
        decoder.finish()

    with pytest.raises(ChunkSignatureError):
        take()
