"""Signatures of a client that asks again and again: within a second all of its requests to a service at `/` are signed
over the same head, and only the payload differs. What is the same is kept, as states of the two hashes.

Whatever does not fit, or is not good, is verified from the beginning: this file says yes or nothing.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from streamcore.identity.callers import Caller
from streamcore.model.iam import sigv4
from streamcore.model.iam.sigv4 import Signature, Signed

HEADS_MAX: Final = 1024
#: Without these being signed a head says too little.
_NEEDED: Final = ("host", "x-amz-date", "x-amz-target")
#: Some SDKs sign the payload's hash as a header, too: then no two heads are the same.
_PAYLOAD: Final = "x-amz-content-sha256"
_TOKEN: Final = "x-amz-security-token"


class _Head(NamedTuple):
    """`canonical` is the hash state of the canonical request up to the payload, `inner` and `outer` those of the HMAC
    up to that hash's digest."""

    caller: Caller
    at_ms: int
    epoch: int
    canonical: hashlib._Hash
    inner: hashlib._Hash
    outer: hashlib._Hash


class WarmHeads:
    """Heads that were found good, by the authorization up to its signature and the values of the signed headers."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[str, ...]] = {}
        self._heads: dict[tuple[str, ...], _Head] = {}

    def find(self, request: Signed, now_ms: int, skew_ms: int, epoch: int) -> Caller | None:
        """The caller, None where the request has to be verified from the beginning."""
        headers = request.headers
        authorization = headers.get("authorization", "")
        start, signature = authorization[:-64], authorization[-64:]
        names = self._names.get(start)
        if names is None or request.path != "/" or request.query or request.method != "POST":
            return None
        head = self._heads.get((start, *[headers.get(name, "") for name in names]))
        if head is None or head.epoch != epoch or not -skew_ms <= now_ms - head.at_ms <= skew_ms:
            return None
        session = head.caller.session
        if (session is not None and session.expires_ms <= now_ms) or (_TOKEN in headers and _TOKEN not in names):
            return None
        canonical, inner, outer = head.canonical.copy(), head.inner.copy(), head.outer.copy()
        canonical.update(request.payload.encode())
        inner.update(canonical.hexdigest().encode())
        outer.update(inner.digest())
        return head.caller if sigv4.is_same(outer.hexdigest(), signature) else None

    def keep(
        self, request: Signed, signature: Signature, caller: Caller, key: bytes, canonical: str, epoch: int
    ) -> None:
        """Remembers the head of a request that was found good, where it is of the kind that comes again."""
        start, names = request.headers.get("authorization", "")[:-64], signature.signed_headers
        is_plain = request.method == "POST" and request.path == "/" and not request.query
        comes_again = all(name in names for name in _NEEDED) and _PAYLOAD not in names
        if not (is_plain and comes_again and start.endswith("Signature=")):
            return
        if len(self._heads) >= HEADS_MAX:
            self._heads.clear()
            self._names.clear()
        state = hashlib.sha256(canonical[: -len(request.payload)].encode("utf-8", "surrogateescape"))
        inner, outer = sigv4.hmac_states(key)
        inner.update(f"{sigv4.ALGORITHM}\n{signature.at}\n{signature.credential.scope}\n".encode())
        self._names[start] = names
        values = [request.headers.get(name, "") for name in names]
        self._heads[(start, *values)] = _Head(caller, signature.at_ms, epoch, state, inner, outer)
