"""An HTTP request as a function gets it, and a function's answer as HTTP: payload format 2.0, of function URLs and of
HTTP APIs.

Shapes: Lambda developer guide, "Function URLs"; API Gateway developer guide, "payload format version"; recorded events.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

_TEXTS: Final = ("text/", "application/json", "application/javascript", "application/xml", "+json", "+xml")
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`headers` have lower-case names; `path` is decoded, `query` is not."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class HttpAnswer(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    headers: dict[str, str]
    cookies: tuple[str, ...] = ()
    body: bytes = b""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the request came in: what is the same for all requests of an API, and what its route says."""

    account: str
    api_id: str
    domain: str
    stage: str = "$default"
    route_key: str = "$default"
    path_parameters: dict[str, str] | None = None
    stage_variables: dict[str, str] | None = None
    authorizer: dict[str, Any] | None = None


def event_v2(request: HttpRequest, place: Place, request_id: str, now_ms: int) -> bytes:
    """JSON of the event."""
    headers = {name: value for name, value in request.headers.items() if name != "cookie"}
    about: dict[str, Any] = {
        "accountId": place.account,
        "apiId": place.api_id,
        "domainName": place.domain,
        "domainPrefix": place.domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "sourceIp": source_ip(request.headers),
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": place.route_key,
        "stage": place.stage,
        "time": common_log_time(now_ms),
        "timeEpoch": now_ms,
    }
    if place.authorizer is not None:
        about["authorizer"] = place.authorizer
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": place.route_key,
        "rawPath": request.path,
        "rawQueryString": request.query,
    }
    if "cookie" in request.headers:
        event["cookies"] = [part.strip() for part in request.headers["cookie"].split(";") if part.strip()]
    event["headers"] = headers
    parameters = joined(parse_qsl(request.query, keep_blank_values=True))
    if parameters:
        event["queryStringParameters"] = parameters
    event["requestContext"] = about
    if place.path_parameters:
        event["pathParameters"] = place.path_parameters
    if place.stage_variables:
        event["stageVariables"] = place.stage_variables
    if request.body:
        event["body"], is_base64 = body_text(request.body, request.headers.get("content-type", ""))
    else:
        is_base64 = False
    event["isBase64Encoded"] = is_base64
    return msgspec.json.encode(event)


def answer_v2(payload: bytes, *, default_type: str = _JSON) -> HttpAnswer | None:
    """What a function's result says; a body is of `default_type` if the headers do not say that. Without a
    `statusCode` all of it is the body, as JSON, and a string is its own text. None when it is no answer that HTTP
    knows (502)."""
    try:
        result = msgspec.json.decode(payload) if payload else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result.encode() if isinstance(result, str) else payload
        return HttpAnswer(status=200, headers={"content-type": _JSON}, body=body)
    status = _status(result["statusCode"])
    headers = _headers(result.get("headers"))
    cookies = result.get("cookies") or []
    content = _body(result.get("body"), is_base64=result.get("isBase64Encoded") is True)
    if status is None or headers is None or content is None or not isinstance(cookies, list):
        return None
    headers.setdefault("content-type", default_type)
    return HttpAnswer(status=status, headers=headers, cookies=_cookies(cookies), body=content)


def prelude(piece: bytes) -> tuple[HttpAnswer, bytes] | None:
    """A streamed result that begins with status and headers as JSON, then eight zero bytes (what
    `awslambda.HttpResponseStream.from` writes): those, and what of the body came with them. None when it is none."""
    head, separator, rest = piece.partition(b"\0" * 8)
    if not separator:
        return None
    try:
        about = msgspec.json.decode(head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(about, dict):
        return None
    status, headers = _status(about.get("statusCode", 200)), _headers(about.get("headers"))
    if status is None or headers is None:
        return None
    return HttpAnswer(status=status, headers=headers, cookies=_cookies(about.get("cookies") or [])), rest


def body_text(body: bytes, content_type: str) -> tuple[str, bool]:
    """A body as it stands in an event, and whether that is base64."""
    kind = content_type.lower()
    if kind != _FORM and any(text in kind for text in _TEXTS):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return b64encode(body).decode(), True


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Several values of a name become one, with commas."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def common_log_time(now_ms: int) -> str:
    """`12/Mar/2020:19:03:58 +0000`."""
    return f"{datetime.fromtimestamp(now_ms / 1000, UTC):%d/%b/%Y:%H:%M:%S} +0000"


def source_ip(headers: Mapping[str, str]) -> str:
    """Whom a proxy in front says it is, else this machine."""
    return headers.get("x-forwarded-for", "").split(",")[0].strip() or "127.0.0.1"


def _status(value: Any) -> int | None:
    try:
        status = int(value)
    except (TypeError, ValueError):
        return None
    return status if 100 <= status <= 599 and not isinstance(value, bool) else None


def _headers(value: Any) -> dict[str, str] | None:
    if value is None:
        return {}
    if not isinstance(value, dict):
        return None
    found = {str(name).lower(): _header(item) for name, item in value.items() if item is not None}
    return found if all(_is_one_line(text) for item in found.items() for text in item) else None


def _cookies(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(text for text in map(str, values) if _is_one_line(text))


def _is_one_line(text: str) -> bool:
    """A line end in a header would be another header."""
    return not any(character in text for character in "\r\n\0")


def _header(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _body(value: Any, *, is_base64: bool) -> bytes | None:
    if value is None:
        return b""
    if not isinstance(value, str):
        return msgspec.json.encode(value)
    if not is_base64:
        return value.encode()
    try:
        return b64decode(value, validate=True)
    except ValueError:
        return None
