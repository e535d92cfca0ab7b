"""The output of an action as the XML of the query protocol: lists as `<Name><member>…`, maps as
`<Name><entry><key>…</key><value>…`; flattened ones repeat `<Name>` instead; EC2's lists have `<item>`."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Final

import msgspec

from streamcore.api.aws.query_form import QUERY, Spelling
from streamcore.api.aws.shapes import Shape, Timestamp
from streamcore.model.xml import text

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def rendered(output: Any, spelling: Spelling = QUERY) -> str:
    """The elements of a Shape, in the order of its fields; None is left out."""
    assert isinstance(output, Shape), "only shapes are told in XML"
    return "".join(_members(output, spelling))


def _members(shape: Shape, spelling: Spelling) -> Iterator[str]:
    for field, name in _fields(type(shape)):
        value = getattr(shape, field)
        if value is not None:
            yield _member(name, value, spelling)


@cache
def _fields(shape: type[Shape]) -> list[tuple[str, str]]:
    return [(field.name, field.encode_name) for field in msgspec.structs.fields(shape)]


def _member(name: str, value: Any, spelling: Spelling) -> str:
    if isinstance(value, Mapping):
        key, of = spelling.half(name)
        rows = [_tag(key, text(str(each)), False) + _value(of, value[each], spelling) for each in value]
        return _several(name, "entry", rows, spelling)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        element = "item" if spelling.is_ec2 else "member"
        return _several(name, element, [_content(each, spelling) for each in value], spelling)
    return _value(name, value, spelling)


def _several(name: str, element: str, rows: list[str], spelling: Spelling) -> str:
    if spelling.is_flattened and not spelling.is_ec2:
        return "".join(_tag(spelling.name(name), row, False) for row in rows)
    return _tag(name, "".join(_tag(element, row, False) for row in rows))


def _value(name: str, value: Any, spelling: Spelling) -> str:
    return _tag(name, _content(value, spelling))


def _content(value: Any, spelling: Spelling) -> str:
    match value:
        case Shape():
            return rendered(value, spelling)
        case bool():
            return "true" if value else "false"
        case Timestamp():
            return iso(value)
        case bytes():
            return b64encode(value).decode()
        case Enum():
            return text(str(value.value))
        case _:
            return text(str(value))


def iso(moment: Timestamp) -> str:
    """`2026-01-31T12:00:00Z`, with milliseconds where there are any."""
    when = _EPOCH + timedelta(milliseconds=moment.ms)
    return when.isoformat(timespec="milliseconds" if moment.ms % 1000 else "seconds").replace("+00:00", "Z")


def _tag(name: str, inner: str, may_close: bool = True) -> str:
    return f"<{name}>{inner}</{name}>" if inner or not may_close else f"<{name}/>"
