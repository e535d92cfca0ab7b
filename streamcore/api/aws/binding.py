"""Where the members of a REST service's inputs and outputs travel: in the path, the query string, a header, the status,
as the raw body, or (unmarked) in the JSON body.

    class ListInput(Shape, frozen=True, kw_only=True):
        function_name: Annotated[FunctionName, URI]
        max_items: Annotated[MaxItems, query()] | None = None
        mode: Annotated[str, header("X-Amz-Mode")] | None = None

Every marker is msgspec metadata, so a shape stays one declaration; which field goes where is found out once per shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import inspect

from streamcore.api.aws.codecs import CODECS
from streamcore.api.aws.shapes import Shape, read_custom
from streamcore.api.aws.validation import S, accept, serialization
from streamcore.api.http import Request

#: A label of the path template, under the member's own name.
URI: Final = msgspec.Meta(extra={"in": "uri"})
#: The whole body as it is, without JSON.
PAYLOAD: Final = msgspec.Meta(extra={"in": "payload"})
#: Of an output: the HTTP status.
STATUS: Final = msgspec.Meta(extra={"in": "status"})

QUERY_PARTS_MAX: Final = 200
JSON: Final = CODECS["application/json"]


def label(name: str) -> msgspec.Meta:
    """A label of the path template that is not called as the member."""
    return msgspec.Meta(extra={"in": "uri", "name": name})


def query(name: str = "") -> msgspec.Meta:
    """In the query string, under the member's own name or another; a list may be there several times."""
    return msgspec.Meta(extra={"in": "query", "name": name})


def header(name: str) -> msgspec.Meta:
    """In a header."""
    return msgspec.Meta(extra={"in": "header", "name": name})


class Bound(msgspec.Struct, frozen=True):
    """A field outside the JSON body: `attribute` here, `member` AWS's name, `name` how it is called on the wire."""

    attribute: str
    member: str
    name: str
    kind: inspect.Type


class Plan(msgspec.Struct, frozen=True):
    """Where each field of a shape travels. `body` are the members of the JSON body."""

    uri: tuple[Bound, ...]
    query: tuple[Bound, ...]
    header: tuple[Bound, ...]
    payload: Bound | None
    status: Bound | None
    body: tuple[Bound, ...]

    @property
    def is_all_body(self) -> bool:
        return not (self.uri or self.query or self.header or self.payload or self.status)


@cache
def plan_of(shape: type[msgspec.Struct]) -> Plan:
    """Raises TypeError for a shape that has both a raw and a JSON body."""
    found: dict[str, list[Bound]] = {}
    described = inspect.type_info(shape)
    assert isinstance(described, inspect.StructType)
    for field in described.fields:
        place, name, kind = _place(field.type)
        found.setdefault(place, []).append(Bound(field.name, field.encode_name, name or field.encode_name, kind))
    if "payload" in found and "body" in found:
        raise TypeError(f"{shape.__name__} has two bodies")
    uri, queries, headers, body = (tuple(found.get(place, ())) for place in ("uri", "query", "header", "body"))
    payload, status = (next(iter(found.get(place, ())), None) for place in ("payload", "status"))
    return Plan(uri, queries, headers, payload, status, body)


def _place(kind: inspect.Type) -> tuple[str, str, inspect.Type]:
    """(place, name, bare type) of a field's type."""
    place, name = "body", ""
    while isinstance(kind, inspect.Metadata | inspect.UnionType):
        if isinstance(kind, inspect.UnionType):
            kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
            continue
        extra = kind.extra or {}
        place, name = extra.get("in", place), extra.get("name", name)
        kind = kind.type
    return place, name, kind


# ---------------------------------------------------------------- in


def read_input(shape: type[S], request: Request, labels: Mapping[str, str]) -> S:
    """The input in a request. Raises AwsError: SerializationException, ValidationException."""
    plan = plan_of(shape)
    values: dict[str, Any] = {}
    if plan.payload is not None:
        values[plan.payload.member] = request.body
    elif plan.body and request.body:
        values = _members(request.body, plan)
    for bound in plan.uri:
        values[bound.member] = _scalar(labels[bound.name], bound.kind)
    if plan.query and request.query:
        _read_query(plan.query, request.query, values)
    for bound in plan.header:
        text = request.headers.get(bound.name.lower())
        if text is not None:
            values[bound.member] = _scalar(text, bound.kind)
    try:
        return msgspec.convert(values, shape, dec_hook=read_custom)
    except msgspec.ValidationError:
        return accept(shape, values)


def _members(body: bytes, plan: Plan) -> dict[str, Any]:
    """The members of the JSON body; one that belongs elsewhere is not taken from here."""
    value = JSON.parse(body)
    if not isinstance(value, dict):
        raise serialization("Start of list found where not expected")
    return {bound.member: value[bound.member] for bound in plan.body if bound.member in value}


def _read_query(bounds: Iterable[Bound], text: str, values: dict[str, Any]) -> None:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=QUERY_PARTS_MAX)
    except ValueError:
        raise serialization(f"More than {QUERY_PARTS_MAX} parameters in the query string") from None
    for bound in bounds:
        found = [value for name, value in pairs if name == bound.name]
        if not found:
            continue
        if isinstance(bound.kind, inspect.ListType):
            values[bound.member] = [_scalar(value, bound.kind.item_type) for value in found]
        else:
            values[bound.member] = _scalar(found[-1], bound.kind)


def _scalar(text: str, kind: inspect.Type) -> Any:
    """A value that came as text, as JSON would have it. Raises AwsError: SerializationException."""
    match kind:
        case inspect.IntType():
            try:
                return int(text) if len(text) < 20 else _not(text, "an Integer")
            except ValueError:
                return _not(text, "an Integer")
        case inspect.BoolType():
            return {"true": True, "false": False}.get(text.lower(), text)
    return text


def _not(text: str, wanted: str) -> Any:
    raise serialization(f"'{text[:100]}' can not be converted to {wanted}")


# ---------------------------------------------------------------- out


class Written(msgspec.Struct, frozen=True):
    """An output on its way: None where the shape does not say."""

    status: int | None
    headers: dict[str, str]
    body: bytes


def write_output(output: msgspec.Struct) -> Written:
    plan = plan_of(type(output))
    if plan.is_all_body:
        return Written(None, {}, JSON.encode(output if isinstance(output, Shape) else msgspec.to_builtins(output)))
    status = None if plan.status is None else getattr(output, plan.status.attribute)
    headers = {}
    for bound in plan.header:
        value = getattr(output, bound.attribute)
        if value is not None:
            headers[bound.name] = str(value)
    if plan.payload is not None:
        return Written(status, headers, getattr(output, plan.payload.attribute) or b"")
    members = {bound.member: getattr(output, bound.attribute) for bound in plan.body}
    told = {name: value for name, value in members.items() if value is not None}
    return Written(status, headers, JSON.encode(told) if plan.body else b"")
