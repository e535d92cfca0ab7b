"""Signature Version 4: what was signed, and what the signature of it has to be.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html (bodies in signed chunks)
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from streamcore.model.caching import cached_if_short

ALGORITHM: Final = "AWS4-HMAC-SHA256"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
EMPTY_SHA256: Final = hashlib.sha256(b"").hexdigest()
#: Seven days.
EXPIRES_MAX_S: Final = 604_800
QUERY_PARTS_MAX: Final = 400

_HEADER: Final = re.compile(r"(?:^|[\s,])(Credential|Signature|SignedHeaders)=([^,\s]+)")
_DATE: Final = re.compile(r"(?a)\A(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z\Z")
_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_AT_ROOT: Final = ("x-amz-target", "x-amz-security-token")
_SPACES: Final = re.compile(r" +")


class SignatureError(Exception):
    """What is wrong with the form of a signature; the text says it."""


class Credential(NamedTuple):
    """`AKID/20240131/eu-west-1/kinesis/aws4_request`."""

    access_key: str
    date: str
    region: str
    service: str

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


class Signature(NamedTuple):
    """A signature as it came. `at` is its time (`20240131T120000Z`), `expires_s` the lifetime of a presigned URL, None
    for a header; `token` is the session token, empty for none."""

    credential: Credential
    signed_headers: tuple[str, ...]
    signature: str
    at: str
    token: str = ""
    expires_s: int | None = None

    @property
    def in_query(self) -> bool:
        return self.expires_s is not None

    @property
    def at_ms(self) -> int:
        """Raises SignatureError when it is no time."""
        return time_ms(self.at)


class Signed(NamedTuple):
    """A request as far as it is signed. `path` and `query` are as they came, percent-encoded. `payload` is the hash of
    the body in hex, or what stands for it. `single_encoding`: S3's way with paths."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    payload: str
    single_encoding: bool = False


# ---------------------------------------------------------------- reading


@cached_if_short(1024)
def _head_of(head: str) -> tuple[Credential, tuple[str, ...]]:
    """Credential and signed headers of an Authorization header up to its signature. A client's requests share it."""
    parts = dict(_HEADER.findall(head))
    return credential_of(parts["Credential"]), tuple(parts["SignedHeaders"].lower().split(";"))


def credential_of(text: str) -> Credential:
    """Raises SignatureError."""
    parts = text.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise SignatureError(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{text[:200]}'"
        )
    return Credential(*parts[:4])


def from_header(authorization: str, headers: Mapping[str, str]) -> Signature:
    """Reads an Authorization header. Raises SignatureError."""
    kind, _, rest = authorization.partition(" ")
    if kind != ALGORITHM:
        raise SignatureError(f"Unsupported AWS 'algorithm': '{kind[:50]}'")
    head, found, signature = rest.rpartition("Signature=")
    if not found or not signature.isalnum():  # not in its usual place
        parts = dict(_HEADER.findall(rest))
        head = ", ".join(f"{name}={parts.get(name, '')}" for name in ("Credential", "SignedHeaders"))
        signature = parts.get("Signature", "")
    try:
        credential, signed = _head_of(head)
    except KeyError as error:
        raise SignatureError(f"Authorization header requires '{error.args[0]}' parameter.") from None
    at = headers.get("x-amz-date") or _from_http_date(headers.get("date", ""))
    return Signature(credential, signed, signature, at, headers.get("x-amz-security-token", ""))


def _from_http_date(text: str) -> str:
    """A `Date` header that is in the basic form; RFC 1123's needs no clock either."""
    if _DATE.match(text):
        return text
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).strftime("%Y%m%dT%H%M%SZ")
    except ValueError:
        return ""


def from_query(query: str) -> Signature:
    """Reads a presigned URL. Raises SignatureError."""
    found = dict(parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=QUERY_PARTS_MAX))
    if found.get("X-Amz-Algorithm") != ALGORITHM:
        raise SignatureError('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
    expires = found.get("X-Amz-Expires", "900")
    if not (expires.isascii() and expires.isdigit() and len(expires) < 10):
        raise SignatureError("X-Amz-Expires should be a number")
    if int(expires) > EXPIRES_MAX_S:
        raise SignatureError(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            f"{EXPIRES_MAX_S} seconds"
        )
    return Signature(
        credential_of(found.get("X-Amz-Credential", "")),
        tuple(found.get("X-Amz-SignedHeaders", "").lower().split(";")),
        found.get("X-Amz-Signature", ""),
        found.get("X-Amz-Date", ""),
        found.get("X-Amz-Security-Token", ""),
        int(expires),
    )


@cached_if_short(1024)
def time_ms(text: str) -> int:
    """Raises SignatureError when the text is no basic ISO 8601 time."""
    match = _DATE.match(text)
    if match is None:
        raise SignatureError(
            f"Date must be in ISO-8601 'basic format'. Got '{text[:50]}'. See http://en.wikipedia.org/wiki/ISO_8601"
        )
    year, month, day, hour, minute, second = map(int, match.groups())
    if not (year >= 1970 and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61):
        raise SignatureError(f"Date must be in ISO-8601 'basic format'. Got '{text}'.")
    return calendar.timegm((year, month, day, hour, minute, second)) * 1000


# ---------------------------------------------------------------- signing


def canonical_request(request: Signed, signature: Signature, *, joined: bool = False) -> str:
    """The text that a client has to have hashed. Of a header that came several times it is the first value, which is
    the one that is acted on; `joined`: all of them with commas between, as AWS has it."""
    headers = request.headers
    lines = [request.method, canonical_path(request.path, single=request.single_encoding)]
    lines.append(canonical_query(request.query) if request.query else "")
    of = _joined if joined else _first
    lines += [f"{name}:{of(headers, name)}" for name in signature.signed_headers]
    lines += ["", ";".join(signature.signed_headers), request.payload]
    return "\n".join(lines)


def _first(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "").strip()
    return _SPACES.sub(" ", value) if "  " in value else value


def _joined(headers: Mapping[str, str], name: str) -> str:
    getall = getattr(headers, "getall", None)
    values = [headers.get(name, "")] if getall is None else getall(name, ())
    return ",".join(_SPACES.sub(" ", value.strip()) for value in values)


def unsigned_headers(request: Signed, signature: Signature) -> list[str]:
    """Headers that must be signed when they are there, and are not: `host`, and all `x-amz-…`."""
    signed = signature.signed_headers
    if "host" not in signed:
        return ["host"]
    if request.path == "/" and not request.single_encoding:  # of those, services at `/` act on two
        return [name for name in _AT_ROOT if name not in signed and name in request.headers]
    return [
        name
        for spelled in request.headers
        if spelled[1:2] == "-" and (name := spelled.lower()).startswith("x-amz-") and name not in signed
    ]


@cached_if_short(1024)
def canonical_path(path: str, *, single: bool) -> str:
    """S3 has paths encoded once, as they are; all others normalized and encoded a second time."""
    if single:
        return "/".join(_recoded(part) for part in path.split("/")) or "/"
    return quote(_normalized(path), safe="/-_.~")


def _normalized(path: str) -> str:
    if "/." not in path and "//" not in path:
        return path or "/"
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            kept = kept[:-1]
        elif part not in ("", "."):
            kept.append(part)
    tail = "/" if path.endswith("/") and kept else ""
    return f"/{'/'.join(kept)}{tail}"


def canonical_query(query: str) -> str:
    """Sorted, each part encoded in the one way; without the signature itself."""
    pairs = []
    for part in query.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        if name == "X-Amz-Signature":
            continue
        pairs.append((_recoded(name), _recoded(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _recoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="-_.~")


def string_to_sign(signature: Signature, canonical: str) -> str:
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{ALGORITHM}\n{signature.at}\n{signature.credential.scope}\n{digest}"


@lru_cache(maxsize=4096)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """Good for a day, a region and a service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def key_of(secret: str, credential: Credential) -> bytes:
    return signing_key(secret, credential.date, credential.region, credential.service)


def sign(key: bytes, text: str) -> str:
    """HMAC-SHA256 in hex. The key's half of the work is kept: a client signs many times with one key."""
    inner, outer = hmac_states(key)
    inner.update(text.encode("utf-8", "surrogateescape"))
    outer.update(inner.digest())
    return outer.hexdigest()


def hmac_states(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The two hashes of an HMAC, to go on with."""
    inner, outer = _pads(key)
    return inner.copy(), outer.copy()


@lru_cache(maxsize=1024)
def _pads(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """RFC 2104: the states after the padded key. Keys are derived ones of 32 bytes."""
    padded = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return hashlib.sha256(padded.translate(_INNER)), hashlib.sha256(padded.translate(_OUTER))


def is_same(one: str, other: str) -> bool:
    """In a time that says nothing about where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


# ---------------------------------------------------------------- signed chunks


class ChunkSigner:
    """The chain of signatures over a body in chunks: each covers the one before it, the first one the head's."""

    def __init__(self, key: bytes, at: str, scope: str, seed: str) -> None:
        self._key = key
        self._head = f"{at}\n{scope}"
        self._last = seed

    def chunk_is_good(self, sha256: str, signature: str) -> bool:
        """`sha256` is of the chunk's data, in hex; the last chunk is empty."""
        text = f"{ALGORITHM}-PAYLOAD\n{self._head}\n{self._last}\n{EMPTY_SHA256}\n{sha256}"
        return self._advance(sign(self._key, text), signature)

    def trailer_is_good(self, trailers: bytes, signature: str) -> bool:
        """`trailers` are the lines `name:value\\n` in their order, without the signature's."""
        digest = hashlib.sha256(trailers).hexdigest()
        return self._advance(sign(self._key, f"{ALGORITHM}-TRAILER\n{self._head}\n{self._last}\n{digest}"), signature)

    def _advance(self, wanted: str, got: str) -> bool:
        self._last = wanted
        return is_same(wanted, got)
