"""Parameter mappings: what changes of a request on its way to an integration, and of its answer on the way back.

    request:  {"append:header.user": "$context.identity.sourceIp", "remove:querystring.x": "''"}
    response: {"500": {"overwrite:statuscode": "403", "append:header.error": "$response.header.code"}}

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from runtime.model.apigateway.exchange import Exchange, Returned
from runtime.model.apigateway.proxy_event import Answered
from runtime.model.httpapi.expressions import ExpressionError, Source, read

_KEY: Final = re.compile(r"(?a)(append|overwrite|remove):(header|querystring)\.([A-Za-z0-9!#$%&'*+.^_`|~-]{1,256})")
_RESERVED: Final = re.compile(
    r"access-control-.*|apigw-.*|authorization|connection|content-encoding|content-length|content-location|forwarded"
    r"|keep-alive|origin|proxy-authenticate|proxy-authorization|te|trailers|transfer-encoding|upgrade"
    r"|x-amz-.*|x-amzn-.*|x-forwarded-for|x-forwarded-host|x-forwarded-proto|via"
)
_PATH: Final = "overwrite:path"
_STATUS: Final = "overwrite:statuscode"
_STATUS_KEY: Final = re.compile(r"[1-5]\d\d")


class MappingError(ValueError):
    """A mapping that cannot be; its text tells why."""


class Change(NamedTuple):
    operation: str
    place: str
    name: str
    value: Source


class Mapped(msgspec.Struct, kw_only=True):
    """A request as an integration gets it. `path` is None unless a mapping says it."""

    headers: list[tuple[str, str]]
    query: list[tuple[str, str]]
    path: str | None = None
    is_query_changed: bool = False


def read_request(parameters: Mapping[str, str] | None) -> list[Change]:
    """Raises MappingError."""
    return [_change(key, text, ("header", "querystring", "path")) for key, text in (parameters or {}).items()]


def read_responses(parameters: Mapping[str, Mapping[str, str]] | None) -> dict[str, list[Change]]:
    """By status. Raises MappingError."""
    found = {}
    for status, changes in (parameters or {}).items():
        if not _STATUS_KEY.fullmatch(status):
            raise MappingError(f"Invalid status code specified: {status[:50]}")
        found[status] = [_change(key, text, ("header", "statuscode")) for key, text in changes.items()]
    return found


def _change(key: str, text: str, places: tuple[str, ...]) -> Change:
    match = _KEY.fullmatch(key)
    if key in (_PATH, _STATUS):
        operation, place, name = "overwrite", key.partition(":")[2], ""
    elif match is not None:
        operation, place, name = match[1], match[2], match[3]
    else:
        raise MappingError(f"Invalid destination: {key[:300]}")
    if place not in places:
        raise MappingError(f"Invalid destination: {key[:300]}")
    if place == "header" and _RESERVED.fullmatch(name.lower()):
        raise MappingError(f"Operations on header {name} are restricted")
    try:
        return Change(operation, place, name, read(text))
    except ExpressionError:
        raise MappingError(f"Invalid source: {text[:300]} specified for destination: {key[:300]}") from None


def mapped(changes: Iterable[Change], exchange: Exchange) -> Mapped:
    """The request after its mappings, in their order; a value that is not there changes nothing."""
    found = Mapped(headers=list(exchange.request.headers), query=list(exchange.request.query))
    for change in changes:
        value = "" if change.operation == "remove" else change.value(exchange, None)
        if value is None or not _is_one_line(value):
            continue
        if change.place == "path":
            found.path = value if value.startswith("/") else f"/{value}"
        elif change.place == "header":
            found.headers = _changed(found.headers, change, value, is_folded=True)
        else:
            found.query = _changed(found.query, change, value, is_folded=False)
            found.is_query_changed = True
    return found


def answered(changes: Iterable[Change], exchange: Exchange, answer: Answered) -> Answered:
    """The answer after the mappings of its status."""
    returned = Returned(status=answer.status, headers=list(answer.headers.items()), body=answer.body)
    status, headers = answer.status, list(answer.headers.items())
    for change in changes:
        value = "" if change.operation == "remove" else change.value(exchange, returned)
        if value is None or not _is_one_line(value):
            continue
        if change.place == "header":
            headers = _changed(headers, change, value, is_folded=True)
        elif _STATUS_KEY.fullmatch(value) and int(value) >= 200:
            status = int(value)
    merged: dict[str, str] = {}
    for name, value in headers:
        merged[name] = f"{merged[name]},{value}" if name in merged else value
    return Answered(status=status, headers=merged, body=answer.body, cookies=answer.cookies)


def _changed(pairs: list[tuple[str, str]], change: Change, value: str, *, is_folded: bool) -> list[tuple[str, str]]:
    wanted = change.name.lower() if is_folded else change.name
    if change.operation != "append":
        pairs = [(name, each) for name, each in pairs if (name.lower() if is_folded else name) != wanted]
    return pairs if change.operation == "remove" else [*pairs, (change.name, value)]


def _is_one_line(value: str) -> bool:
    """A line end in a header would be another header."""
    return not set(value) & set("\r\n\0")
