"""Whether a request was signed by who it says: SigV4 in a header or a URL, or a bearer token.

A signature is good for its clock skew and any number of requests within it, as on AWS: it covers method, path, query,
signed headers and body, so a copy can only repeat the very same request. TLS keeps copies from being made.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Final

from streamcore.clock import Clock
from streamcore.identity.callers import Caller, Callers, token_principal
from streamcore.identity.errors import (
    Denied,
    Incomplete,
    NotSigned,
    Skewed,
    TokenExpired,
    UnknownKey,
    UrlExpired,
    WrongScope,
    WrongSignature,
)
from streamcore.identity.store import Identities
from streamcore.identity.warm import WarmHeads
from streamcore.model.iam import sigv2, sigv4
from streamcore.model.iam.sigv4 import ChunkSigner, Signature, SignatureError, Signed

SKEW_MS: Final = 5 * 60_000
#: S3 allows for slower clocks.
S3_SKEW_MS: Final = 15 * 60_000
#: Unsigned headers that change nothing about a request.
_FREE_IN_URLS: Final = ("x-amz-content-sha256",)
BEARER: Final = "Bearer "


class Authenticator:
    """Verifies requests one by one; it knows no HTTP."""

    def __init__(self, identities: Identities, callers: Callers, clock: Clock) -> None:
        self._identities = identities
        self._callers = callers
        self._clock = clock
        self._warm = WarmHeads()

    def verify(self, request: Signed, service: str) -> Caller:
        """The caller of a request that must be signed for `service`. Raises AccessError."""
        now_ms = self._clock.now_ms()
        self._identities.roots.look(now_ms)
        if not request.single_encoding:
            found = self._warm.find(request, now_ms, SKEW_MS, self._identities.epoch)
            if found is not None and f"/{service}/aws4_request" in request.headers["authorization"]:
                return found
        signature = self._signature(request)
        credential = signature.credential
        if credential.service != service:
            raise WrongScope(f"Credential should be scoped to correct service: '{service}'. ")
        self._check_time(signature, S3_SKEW_MS if request.single_encoding else SKEW_MS)
        secret, principal, session = self._callers.find(credential.access_key, signature.token)
        self._check_headers(request, signature)
        canonical = sigv4.canonical_request(request, signature)
        text = sigv4.string_to_sign(signature, canonical)
        key = sigv4.key_of(secret, credential)
        if not sigv4.is_same(sigv4.sign(key, text), signature.signature) and not _is_joined(key, request, signature):
            raise WrongSignature(signature.signature, text, canonical, credential.access_key)
        self._callers.check_lifetime(session, now_ms)
        if session is None:
            self._identities.last_used[credential.access_key] = (now_ms, credential.service, credential.region)
        chunks = None
        if request.payload.startswith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"):
            chunks = ChunkSigner(key, signature.at, credential.scope, signature.signature)
        caller = Caller(
            principal=principal,
            access_key=credential.access_key,
            region=credential.region,
            session=session,
            chunks=chunks,
        )
        if chunks is None and not request.single_encoding and not signature.in_query:
            self._warm.keep(request, signature, caller, key, canonical, self._identities.epoch)
        return caller

    def verify_v2(self, access_key: str, token: str, text: str, signature: str) -> Caller:
        """The caller who signed a URL of S3's by version 2; its time was checked before. Raises AccessError."""
        secret, principal, session = self._callers.find(access_key, token)
        if not sigv4.is_same(sigv2.sign(secret, text), signature):
            raise WrongSignature(signature, text, "", access_key)
        self._callers.check_lifetime(session, self._clock.now_ms())
        return Caller(principal=principal, access_key=access_key, session=session)

    def verify_form(self, fields_credential: str, token: str, at: str, policy: str, signature: str) -> Caller:
        """The caller who signed the policy of an S3 form: the base64 text itself is what is signed. Raises
        AccessError."""
        try:
            credential = sigv4.credential_of(fields_credential)
            sigv4.time_ms(at)
        except SignatureError as error:
            raise Incomplete(str(error)) from None
        if credential.service != "s3" or credential.date != at[:8]:
            raise WrongScope("Credential should be scoped to correct service: 's3'. ")
        secret, principal, session = self._callers.find(credential.access_key, token)
        if not sigv4.is_same(sigv4.sign(sigv4.key_of(secret, credential), policy), signature):
            raise WrongSignature(signature, policy, "", credential.access_key)
        self._callers.check_lifetime(session, self._clock.now_ms())
        return Caller(principal=principal, access_key=credential.access_key, region=credential.region, session=session)

    def verify_token(self, authorization: str) -> Caller:
        """The caller of the native API. Raises NotSigned, UnknownKey, TokenExpired."""
        if not authorization.startswith(BEARER):
            raise NotSigned
        digest = hashlib.sha256(authorization.removeprefix(BEARER).strip().encode()).hexdigest()
        # Looked up by its hash: how long that takes says nothing about a token.
        token = self._identities.token_by_hash(digest)
        if token is None:
            raise UnknownKey("")
        if token.expires_ms and token.expires_ms <= self._clock.now_ms():
            raise TokenExpired
        return Caller(principal=token_principal(token), access_key=f"token/{token.account}/{token.name}", token=token)

    # ------------------------------------------------------------

    def _signature(self, request: Signed) -> Signature:
        try:
            if "X-Amz-Algorithm" in request.query:
                return sigv4.from_query(request.query)
            header = request.headers.get("authorization", "")
            if not header:
                raise NotSigned
            return sigv4.from_header(header, request.headers)
        except (SignatureError, ValueError) as error:
            raise Incomplete(str(error)) from None

    def _check_time(self, signature: Signature, skew_ms: int) -> None:
        try:
            at_ms = signature.at_ms
        except SignatureError as error:
            raise Incomplete(str(error)) from None
        if signature.credential.date != signature.at[:8]:
            raise WrongScope(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                f"'{signature.credential.date}' != '{signature.at[:8]}', from '{signature.at}'."
            )
        now_ms = self._clock.now_ms()
        is_late = now_ms - at_ms > skew_ms
        if signature.expires_s is not None:
            ends_ms = at_ms + signature.expires_s * 1000
            if ends_ms < now_ms:
                raise UrlExpired(signature.expires_s, ends_ms, now_ms)
            is_late = False
        if is_late or at_ms - now_ms > skew_ms:
            bound = now_ms - skew_ms if is_late else now_ms + skew_ms
            minutes = skew_ms // 60_000
            raise Skewed(signature.at, basic(now_ms), basic(bound), is_expired=is_late, minutes=minutes)

    @staticmethod
    def _check_headers(request: Signed, signature: Signature) -> None:
        missing = sigv4.unsigned_headers(request, signature)
        if signature.in_query:
            missing = [name for name in missing if name not in _FREE_IN_URLS]
        if not missing:
            return
        if missing == ["host"]:
            raise Incomplete("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
        raise Denied(f"There were headers present in the request which were not signed: {', '.join(missing)}")


def _is_joined(key: bytes, request: Signed, signature: Signature) -> bool:
    """Whether it is good for headers that came several times: few do, so that is looked at last."""
    text = sigv4.string_to_sign(signature, sigv4.canonical_request(request, signature, joined=True))
    return sigv4.is_same(sigv4.sign(key, text), signature.signature)


def basic(at_ms: int) -> str:
    """A time in the form in which signatures have it."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y%m%dT%H%M%SZ}"
