"""Payload format 1.0: the request as a function gets it from a REST API (or an HTTP API that asks for it), and what its
answer means.

Shapes: API Gateway developer guide, "Lambda proxy integrations", and recorded events and answers (2024-11).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec

Pairs = Iterable[tuple[str, str]]
#: The members of an answer; a result with another one is none.
_KEYS: Final = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """A request at an API. `headers` and `query` keep order, case and repetition; `path` is that below the stage."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: list[tuple[str, str]]
    body: bytes = b""


class Answered(msgspec.Struct, kw_only=True):
    """An answer on its way to the client. Header names are as given; `cookies` are the Set-Cookie headers."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    cookies: list[str] = msgspec.field(default_factory=list)


def last_values(pairs: Pairs) -> dict[str, str]:
    """Of each name the last value."""
    return dict(pairs)


def all_values(pairs: Pairs) -> dict[str, list[str]]:
    """Of each name all values, in order."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def is_binary(content_type: str, binary_types: Iterable[str]) -> bool:
    """Whether bodies of this type travel as bytes: `image/png`, `image/*`, `*/*`. Parameters do not count."""
    kind = content_type.partition(";")[0].strip().lower()
    return any(wanted == "*/*" or (kind and fnmatchcase(kind, wanted.lower())) for wanted in binary_types)


def event_v1(
    request: Arrived,
    context: Mapping[str, Any],
    *,
    resource: str,
    path_parameters: Mapping[str, str],
    stage_variables: Mapping[str, str],
    binary_types: Iterable[str] = (),
    version: str | None = None,
) -> bytes:
    """JSON of the event. Maps without members are null. `version` is there for HTTP APIs."""
    event: dict[str, Any] = {} if version is None else {"version": version}
    event |= {
        "resource": resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": last_values(request.headers) or None,
        "multiValueHeaders": all_values(request.headers) or None,
        "queryStringParameters": last_values(request.query) or None,
        "multiValueQueryStringParameters": all_values(request.query) or None,
        "pathParameters": path_parameters or None,
        "stageVariables": stage_variables or None,
        "requestContext": context,
    }
    event["body"], event["isBase64Encoded"] = body_of(request, binary_types)
    return msgspec.json.encode(event)


def body_of(request: Arrived, binary_types: Iterable[str]) -> tuple[str | None, bool]:
    """A body as it stands in an event, and whether that is base64. Bytes that are no text are replaced when their type
    is no binary one, as AWS does."""
    if not request.body:
        return None, False
    kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    if is_binary(kind, binary_types):
        return b64encode(request.body).decode(), True
    return request.body.decode(errors="replace"), False


def answer_v1(payload: bytes, *, takes_binary: bool) -> Answered | None:
    """What a function's result says; None when it is no answer (502). `takes_binary`: base64 is decoded for this
    client, who accepts a binary media type."""
    try:
        result = msgspec.json.decode(payload) if payload else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(result, dict) or not result.keys() <= _KEYS or not result:
        return None
    status, headers = _status(result.get("statusCode", 200)), _headers(result)
    body = _body(result, takes_binary=takes_binary)
    if status is None or headers is None or body is None:
        return None
    cookies = [value for name, value in headers if name.lower() == "set-cookie"]
    merged = merged_headers((name, value) for name, value in headers if name.lower() != "set-cookie")
    if not any(name.lower() == "content-type" for name in merged):
        merged["Content-Type"] = "application/json"
    return Answered(status=status, headers=merged, body=body, cookies=cookies)


def merged_headers(pairs: Pairs) -> dict[str, str]:
    """Several values of a name become one, with commas; names differ by more than their case."""
    found: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for name, value in pairs:
        known = spelled.setdefault(name.lower(), name)
        found[known] = f"{found[known]}, {value}" if known in found else value
    return found


def _status(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        return None
    try:
        status = int(value)
    except (ValueError, OverflowError):
        return None
    return status if 100 <= status <= 599 and (not isinstance(value, float) or value == status) else None


def _headers(result: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """Those of both maps; a name that is in both has all its values, each once."""
    single, several = result.get("headers") or {}, result.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(several, dict):
        return None
    if not all(isinstance(values, list) for values in several.values()):
        return None
    pairs = [(name, _text(value)) for name, values in several.items() for value in values]
    seen = {(name.lower(), value) for name, value in pairs}
    for name, value in single.items():
        if isinstance(value, dict | list):
            return None
        if value is not None and (name.lower(), _text(value)) not in seen:
            pairs.append((name, _text(value)))
    return pairs if all(_is_one_line(part) for pair in pairs for part in pair) else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_one_line(text: str) -> bool:
    """A line end in a header would be another header."""
    return not any(character in text for character in "\r\n\0")


def _body(result: Mapping[str, Any], *, takes_binary: bool) -> bytes | None:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return msgspec.json.encode(body) if isinstance(body, int | float | bool) else None
    if result.get("isBase64Encoded") is not True or not takes_binary:
        return body.encode(errors="replace")
    try:
        return b64decode(body, validate=True)
    except ValueError:
        return None
