"""Signs requests with Signature Version 4, for the programs that come with the broker."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from streamcore.model.iam import sigv4
from streamcore.model.iam.sigv4 import Credential, Signature, Signed


class Keys(NamedTuple):
    access_key: str
    secret: str
    session_token: str = ""


def keys_of(environ: Mapping[str, str]) -> Keys | None:
    """The keys in AWS's variables; None when there are none, or they are placeholders (`test`)."""
    key, secret = environ.get("AWS_ACCESS_KEY_ID", ""), environ.get("AWS_SECRET_ACCESS_KEY", "")
    if not (key.startswith(("AKIA", "ASIA")) and secret):
        return None
    return Keys(key, secret, environ.get("AWS_SESSION_TOKEN", ""))


def signed_headers(
    keys: Keys,
    service: str,
    region: str,
    at: str,
    method: str,
    host: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
) -> dict[str, str]:
    """The headers that a signature adds; `at` is the time (`20240131T120000Z`), path and query as they are sent."""
    payload = hashlib.sha256(body).hexdigest()
    added = {"x-amz-date": at}
    if service == "s3":
        added["x-amz-content-sha256"] = payload
    if keys.session_token:
        added["x-amz-security-token"] = keys.session_token
    whole = {"host": host, **{name.lower(): value for name, value in headers.items()}, **added}
    names = tuple(sorted(whole))
    credential = Credential(keys.access_key, at[:8], region, service)
    unsigned = Signature(credential, names, "", at)
    request = Signed(method, path, query, whole, payload, single_encoding=service == "s3")
    text = sigv4.string_to_sign(unsigned, sigv4.canonical_request(request, unsigned))
    signature = sigv4.sign(sigv4.key_of(keys.secret, credential), text)
    added["authorization"] = (
        f"{sigv4.ALGORITHM} Credential={keys.access_key}/{credential.scope}, SignedHeaders={';'.join(names)}, "
        f"Signature={signature}"
    )
    return added
