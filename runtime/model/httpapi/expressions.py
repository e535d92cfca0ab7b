"""Expressions of parameter mappings and identity sources, read once and asked per request.

    read("$request.header.user")      a value of the request
    read("/v2/${request.path.id}")    text with values in it
    read("orders")                    text

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from runtime.model.apigateway.exchange import Exchange, Returned
from runtime.model.apigateway.jsonpath import PathError, json_path
from runtime.model.apigateway.variables import parsed
from runtime.model.apigateway.vtl.values import to_json, written

Source = Callable[[Exchange, Returned | None], str | None]
_INSERTED: Final = re.compile(r"\$\{([^{}]{1,512})\}")
_NAME: Final = re.compile(r"(?a)[A-Za-z0-9!#$%&'*+.^_`|~-]{1,512}")


class ExpressionError(ValueError):
    """Text that begins as an expression and is none."""


def read(text: str) -> Source:
    """Raises ExpressionError. What is not there makes None of the whole."""
    if text.startswith("$") and not text.startswith("${"):
        return _value(text[1:])
    parts = _INSERTED.split(text)
    if len(parts) == 1:
        return lambda exchange, returned: text
    texts, sources = parts[::2], [_value(each) for each in parts[1::2]]
    if texts == ["", ""]:
        return sources[0]

    def filled(exchange: Exchange, returned: Returned | None) -> str | None:
        values = [each(exchange, returned) for each in sources]
        if any(value is None for value in values):
            return None
        return texts[0] + "".join(f"{value}{after}" for value, after in zip(values, texts[1:], strict=True))

    return filled


def _value(name: str) -> Source:
    for prefix, make in _KINDS:
        if name == prefix:
            return make("")
        if name.startswith((f"{prefix}.", f"{prefix}[")):
            rest = name[len(prefix) :]
            if prefix.endswith("body") or _NAME.fullmatch(rest[1:]):
                return make(rest)
    raise ExpressionError(f"${name}")


def _named(rest: str) -> str:
    """Raises ExpressionError for a place without a name."""
    if len(rest) < 2:
        raise ExpressionError("a name is missing")
    return rest[1:]


def _header(rest: str) -> Source:
    wanted = _named(rest).lower()
    return lambda exchange, returned: _joined(
        value for name, value in exchange.request.headers if name.lower() == wanted
    )


def _query(rest: str) -> Source:
    wanted = _named(rest)
    return lambda exchange, returned: _joined(value for name, value in exchange.request.query if name == wanted)


def _path(rest: str) -> Source:
    if not rest:
        return lambda exchange, returned: exchange.request.path
    name = _named(rest)
    return lambda exchange, returned: exchange.path_parameters.get(name)


def _body(rest: str) -> Source:
    return _json(rest, lambda exchange, returned: exchange.body_text)


def _returned_body(rest: str) -> Source:
    return _json(rest, lambda exchange, returned: "" if returned is None else returned.body.decode(errors="replace"))


def _json(rest: str, text_of: Callable[[Exchange, Returned | None], str]) -> Source:
    if not rest:
        return lambda exchange, returned: text_of(exchange, returned) or None
    try:
        path = json_path(f"${rest}")
    except PathError:
        raise ExpressionError(f"$request.body{rest}") from None

    def found(exchange: Exchange, returned: Returned | None) -> str | None:
        try:
            value = path.value(parsed(text_of(exchange, returned)))
        except PathError:
            return None
        if value is None:
            return None
        return to_json(value) if isinstance(value, dict | list) else written(value)

    return found


def _returned_header(rest: str) -> Source:
    name = _named(rest)
    return lambda exchange, returned: None if returned is None else _joined(returned.header(name))


def _context(rest: str) -> Source:
    names = _named(rest).split(".")

    def found(exchange: Exchange, returned: Returned | None) -> str | None:
        value: Any = exchange.context
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else None
        return None if value is None else written(value)

    return found


def _stage_variable(rest: str) -> Source:
    name = _named(rest)
    return lambda exchange, returned: exchange.stage_variables.get(name)


def _joined(values: Any) -> str | None:
    found = list(values)
    return ",".join(found) if found else None


_KINDS: Final[tuple[tuple[str, Callable[[str], Source]], ...]] = (
    ("request.header", _header),
    ("request.querystring", _query),
    ("request.path", _path),
    ("request.body", _body),
    ("response.header", _returned_header),
    ("response.body", _returned_body),
    ("context", _context),
    ("stageVariables", _stage_variable),
)
