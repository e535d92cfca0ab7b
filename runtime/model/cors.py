"""Cross-origin resource sharing as function URLs and HTTP APIs do it: the gateway answers preflights itself and writes
the headers of all other answers.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html  https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

#: Headers of answers that the configuration alone decides.
PREFIX: Final = "access-control-"


class Cors(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Members as HTTP APIs have them; `max_age` counts seconds."""

    allow_credentials: bool | None = None
    allow_headers: list[str] | None = None
    allow_methods: list[str] | None = None
    allow_origins: list[str] | None = None
    expose_headers: list[str] | None = None
    max_age: int | None = None


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser asks what it may ask. `headers` finds names in any case, or has them in lower case."""
    return method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def answer_headers(cors: Cors, origin: str) -> dict[str, str]:
    """What an answer to this origin has; nothing for one that is not allowed."""
    allowed = _allowed(cors, origin)
    if not allowed:
        return {}
    headers = {"access-control-allow-origin": allowed}
    if cors.allow_credentials:
        headers["access-control-allow-credentials"] = "true"
    if cors.expose_headers:
        headers["access-control-expose-headers"] = ",".join(cors.expose_headers)
    return headers


def preflight_headers(cors: Cors, origin: str) -> dict[str, str]:
    """What the answer to a preflight has; nothing for an origin that is not allowed."""
    headers = answer_headers(cors, origin)
    if headers:
        headers["access-control-allow-methods"] = ",".join(cors.allow_methods or [])
        headers["access-control-allow-headers"] = ",".join(cors.allow_headers or [])
        if cors.max_age:
            headers["access-control-max-age"] = str(cors.max_age)
    return headers


def _allowed(cors: Cors, origin: str) -> str:
    """`*`, or the origin itself. `https://*` is every origin of that scheme."""
    origins = cors.allow_origins or []
    if "*" in origins:
        return "*"
    scheme = f"{origin.partition('://')[0]}://*"
    return origin if origin and (origin in origins or scheme in origins) else ""
