"""Who signed a request: reads a Signature Version 4 (header or query string) without verifying it.

Whether something is missing is told in AWS's words (seen on real Kinesis, facts sheet 1.1). What is read - the access
key and the region of the credential scope - decides in which account and region names are looked up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from streamcore.api.aws.errors import AwsError
from streamcore.model.caching import cached_if_short
from streamcore.model.stream import Scope


class Identity(NamedTuple):
    """The parts of `AKID/20240131/eu-west-1/kinesis/aws4_request`; empty where the credential has none."""

    access_key: str
    region: str
    service: str


HEADER_PARTS: Final = ("Credential", "Signature", "SignedHeaders")
QUERY_PARTS: Final = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")

_PART: Final = re.compile(r"(?:^|[\s,])(Credential|Signature|SignedHeaders)=([^,\s]+)")
_ACCOUNT: Final = re.compile(r"(?a)\A\d{12}\Z")
_REGION: Final = re.compile(r"(?a)\A[a-z0-9-]{1,32}\Z")


def identify(headers: Mapping[str, str], query: str) -> Identity:
    """Reads the signature's credential.

    Raises AwsError: MissingAuthenticationToken, IncompleteSignature (naming each part that is missing), and
    InvalidSignature when there are two signatures, one in the header and one in the query string.
    """
    header = headers.get("authorization", "")
    if not query:
        if not header:
            raise AwsError("MissingAuthenticationTokenException", 400, "Missing Authentication Token")
        return _from_header(header, headers)
    parameters = dict(parse_qsl(query, keep_blank_values=True, errors="replace"))
    in_query = "X-Amz-Algorithm" in parameters
    if header and in_query:
        raise AwsError(
            "InvalidSignatureException",
            400,
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
        )
    if in_query:
        return _from_query(parameters)
    return identify(headers, "")


def _from_header(header: str, headers: Mapping[str, str]) -> Identity:
    head, _, signature = header.partition("Signature=")
    if signature.isalnum() and ("x-amz-date" in headers or "date" in headers):
        identity = _identity_of(head)
        if identity is not None:
            return identity
    parts = dict(_PART.findall(header))
    if len(parts) < len(HEADER_PARTS) or not ("x-amz-date" in headers or "date" in headers):
        missing = [f"Authorization header requires '{part}' parameter." for part in HEADER_PARTS if part not in parts]
        if "x-amz-date" not in headers and "date" not in headers:
            missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        raise _incomplete([*missing, f"Authorization={header}"])
    return _identity(parts["Credential"])


@cached_if_short(1024)
def _identity_of(head: str) -> Identity | None:
    """The identity in a header up to its signature, None when a part is missing. A client's requests share it."""
    parts = dict(_PART.findall(f"{head}Signature=x"))
    return _identity(parts["Credential"]) if len(parts) >= len(HEADER_PARTS) else None


def _from_query(parameters: Mapping[str, str]) -> Identity:
    missing = [
        f"AWS query-string parameters must include '{part}'." for part in QUERY_PARTS if not parameters.get(part)
    ]
    if missing:
        raise _incomplete([*missing, "Re-examine the query-string parameters."])
    return _identity(parameters["X-Amz-Credential"])


def _incomplete(sentences: list[str]) -> AwsError:
    return AwsError("IncompleteSignatureException", 400, " ".join(sentences))


def _identity(credential: str) -> Identity:
    access_key, _, region, service = [*credential.split("/"), "", "", "", ""][:4]
    return Identity(access_key, region, service)


@lru_cache(maxsize=1024)
def scope_of(identity: Identity, default: Scope) -> Scope:
    """Where names are looked up: a 12-digit access key is the account (what all current emulators do, facts sheet 1.1),
    any other key stands for the configured account."""
    account = identity.access_key if _ACCOUNT.match(identity.access_key) else default.account
    region = identity.region if _REGION.match(identity.region) else default.region
    return Scope(account, region)
