"""Who sends a request of S3's: signed in its header, in its URL, in a form, or by nobody.

Whoever does not sign is anonymous: only a bucket's policy can let him in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from runtime.api.s3.address import host_of, virtual_bucket
from runtime.api.s3.app import iso
from runtime.api.s3.presigned import check_lifetime
from runtime.model.s3.errors import S3Error
from streamcore.api.aws.access import Access, Grant, granted, origin_of, scope_for, told
from streamcore.api.aws.rest_xml import XmlCall
from streamcore.identity import errors
from streamcore.identity.callers import NOBODY
from streamcore.identity.guard import Mode
from streamcore.model.iam import sigv2
from streamcore.model.iam.sigv4 import UNSIGNED, Signed
from streamcore.model.stream import Scope

_SHA256: Final = re.compile(r"\A[0-9a-f]{64}\Z")
_PAYLOADS: Final = (
    UNSIGNED,
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
)
_OLD: Final = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
_ON_RESOURCE: Final = re.compile(r" on resource: (\S+)")


class S3Words:
    """S3's words for refusals."""

    def told(self, error: errors.AccessError) -> Exception | None:
        match error:
            case errors.Denied():
                if "User: anonymous" in str(error):
                    return S3Error("AccessDenied")
                return S3Error("AccessDenied", _ON_RESOURCE.sub(r' on resource: "\1"', str(error)))
            case errors.UnknownKey():
                return S3Error("InvalidToken") if error.by_token else S3Error(
                    "InvalidAccessKeyId", AWSAccessKeyId=error.access_key[:128])  # fmt: skip
            case errors.WrongSignature():
                return _mismatch(error)
            case errors.Skewed():
                return S3Error("RequestTimeTooSkewed", RequestTime=error.at, ServerTime=error.now,
                               MaxAllowedSkewMilliseconds="900000")  # fmt: skip
            case errors.UrlExpired():
                ends, now = iso(error.ends_ms), iso(error.now_ms)
                return S3Error("AccessDenied", "Request has expired", Expires=ends, ServerTime=now)
            case errors.TokenExpired():
                return S3Error("ExpiredToken")
            case errors.Incomplete() | errors.WrongScope():
                return S3Error("AuthorizationHeaderMalformed", f"The authorization header is malformed; {error}")
            case errors.NotSigned():
                return S3Error("AccessDenied")
        return None


def _mismatch(error: errors.WrongSignature) -> S3Error:
    """With all that the server signed, so that a client finds where it differs."""
    return S3Error(
        "SignatureDoesNotMatch",
        AWSAccessKeyId=error.access_key,
        StringToSign=error.string_to_sign,
        SignatureProvided=error.signature,
        StringToSignBytes=error.string_to_sign.encode().hex(" "),
        CanonicalRequest=error.canonical_request,
        CanonicalRequestBytes=error.canonical_request.encode("utf-8", "surrogateescape").hex(" "),
    )


WORDS: Final = S3Words()


def admitted(access: Access, call: XmlCall, now_ms: int) -> XmlCall:
    """The call with who sends it. Raises S3Error."""
    request = call.request
    if request.caller is not None:
        return _granted(call, granted(access.guard, request, call.request_id, WORDS, call.scope))
    in_query = "X-Amz-Algorithm" in call.query
    authorization = request.headers.get("authorization", "")
    origin = origin_of(request, call.request_id)
    if in_query:
        check_lifetime(call.query, now_ms)
    if "AWSAccessKeyId" in call.query:
        check_lifetime(call.query, now_ms)
        return _by_old_url(access, call, Grant(access.guard, NOBODY, origin, call.scope, WORDS))
    if authorization.startswith("AWS "):
        if access.guard.mode is Mode.ENFORCE:
            raise S3Error("InvalidRequest", _OLD)
        return _granted(call, Grant(access.guard, NOBODY, origin, call.scope, WORDS))
    if not in_query and not authorization:
        return _granted(call, Grant(access.guard, NOBODY, origin, call.scope, WORDS))
    payload = UNSIGNED if in_query else _payload(request.headers, access.guard.mode)
    signed = Signed(request.method, request.path, request.query, request.headers, payload, single_encoding=True)
    return _granted(call, access.verified(signed, "s3", origin, WORDS, call.scope))


def _by_old_url(access: Access, call: XmlCall, nobody: Grant) -> XmlCall:
    """A URL signed by version 2."""
    query, headers = call.query, call.headers
    resource = call.request.path
    if virtual_bucket(host_of(headers)):
        resource = f"/{call.bucket}{resource}"
    text = sigv2.string_to_sign(call.request.method, resource, query, headers, query.get("Expires", ""))
    token = query.get("x-amz-security-token", "")
    try:
        caller = access.guard.authenticator.verify_v2(query["AWSAccessKeyId"], token, text, query.get("Signature", ""))
    except errors.AccessError as error:
        if access.guard.mode is Mode.OBSERVE:
            return _granted(call, nobody)
        raise told(error, WORDS) from None
    return _granted(call, Grant(access.guard, caller, nobody.origin, scope_for(caller, call.scope), WORDS))


def _granted(call: XmlCall, grant: Grant) -> XmlCall:
    return msgspec.structs.replace(call, scope=grant.scope, grant=grant)


def _payload(headers: Mapping[str, str], mode: Mode) -> str:
    found = headers.get("x-amz-content-sha256", "")
    if mode is Mode.ENFORCE and not found:
        raise S3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if mode is Mode.ENFORCE and found not in _PAYLOADS and not _SHA256.match(found):
        raise S3Error(
            "InvalidArgument",
            f"x-amz-content-sha256 must be {', '.join(_PAYLOADS)}, or a valid sha256 value.",
            ArgumentName="x-amz-content-sha256",
            ArgumentValue=found[:128],
        )
    return found


def form_grant(call: XmlCall, fields: Mapping[str, str]) -> Grant:
    """Who signed the policy of a form; a form without one is anonymous. Raises S3Error."""
    grant = call.grant
    assert grant is not None
    if "x-amz-signature" not in fields and "signature" not in fields:
        return grant
    if fields.get("x-amz-algorithm") != "AWS4-HMAC-SHA256" or "policy" not in fields:
        raise S3Error("InvalidRequest", _OLD)
    try:
        caller = grant.guard.authenticator.verify_form(
            fields.get("x-amz-credential", ""),
            fields.get("x-amz-security-token", ""),
            fields.get("x-amz-date", ""),
            fields["policy"],
            fields["x-amz-signature"],
        )
    except errors.AccessError as error:
        if grant.guard.mode is Mode.OBSERVE:
            return grant
        raise told(error, WORDS) from None
    scope: Scope = scope_for(caller, grant.scope)
    return Grant(grant.guard, caller, grant.origin, scope, WORDS)
