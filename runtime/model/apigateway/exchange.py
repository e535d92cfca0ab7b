"""One request at an API on its way through: what came, what is known about it, and what an integration returned.

`source("method.request.header.X")` reads a mapping expression once; the result is asked per request. The expressions:
https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from runtime.model.apigateway.jsonpath import PathError, json_path
from runtime.model.apigateway.proxy_event import Arrived, all_values, last_values
from runtime.model.apigateway.variables import Parameters, parsed
from runtime.model.apigateway.vtl.values import to_json, written

_PLACES: Final = ("header", "querystring", "path", "multivalueheader", "multivaluequerystring")


class Returned(msgspec.Struct, kw_only=True):
    """What an integration answered. `headers` are in order, with repetition; `error` is the text that selection
    patterns of functions look at."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    error: str | None = None

    def header(self, name: str) -> list[str]:
        return [value for known, value in self.headers if known.lower() == name.lower()]


class Exchange:
    """`context` is `$context`, which templates may add to; `path_parameters` are decoded."""

    __slots__ = ("_parameters", "context", "path_parameters", "request", "stage_variables")

    def __init__(
        self,
        request: Arrived,
        context: dict[str, Any],
        path_parameters: dict[str, str],
        stage_variables: Mapping[str, str],
    ) -> None:
        self.request = request
        self.context = context
        self.path_parameters = path_parameters
        self.stage_variables = stage_variables
        self._parameters: Parameters | None = None

    @property
    def parameters(self) -> Parameters:
        """What `$input.params()` has."""
        if self._parameters is None:
            query, headers = last_values(self.request.query), last_values(self.request.headers)
            self._parameters = Parameters(self.path_parameters, query, headers)
        return self._parameters

    @property
    def body_text(self) -> str:
        return self.request.body.decode(errors="replace")

    def header(self, name: str) -> str | None:
        """The last value of a header, None without one."""
        wanted = name.lower()
        return next((value for known, value in reversed(self.request.headers) if known.lower() == wanted), None)

    def query_value(self, name: str) -> str | None:
        return next((value for known, value in reversed(self.request.query) if known == name), None)


Source = Callable[[Exchange, Returned | None], str | None]


class SourceError(ValueError):
    """A mapping expression that is none."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"Invalid mapping expression specified: {self.text}"


def source(text: str) -> Source:
    """Reads a mapping expression. Raises SourceError."""
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return _constant(text[1:-1])
    for prefix, make in _SOURCES:
        if text == prefix.rstrip(".") or text.startswith((prefix, f"{prefix.rstrip('.')}[")):
            made = make(text[len(prefix.rstrip(".")) :])
            if made is not None:
                return made
    raise SourceError(text)


def _constant(value: str) -> Source:
    return lambda exchange, returned: value


def _request(rest: str) -> Source | None:
    place, _, name = rest[1:].partition(".")
    if place not in _PLACES or not name:
        return None
    if place == "header":
        return lambda exchange, returned: exchange.header(name)
    if place == "querystring":
        return lambda exchange, returned: exchange.query_value(name)
    if place == "path":
        return lambda exchange, returned: exchange.path_parameters.get(name)
    if place == "multivalueheader":
        return lambda exchange, returned: _joined(
            value for known, value in exchange.request.headers if known.lower() == name.lower()
        )
    return lambda exchange, returned: _joined(all_values(exchange.request.query).get(name, ()))


def _joined(values: Any) -> str | None:
    return ",".join(values) or None


def _request_body(rest: str) -> Source | None:
    return _json(rest, lambda exchange, returned: exchange.body_text)


def _returned_body(rest: str) -> Source | None:
    return _json(rest, lambda exchange, returned: "" if returned is None else returned.body.decode(errors="replace"))


def _json(rest: str, body_of: Callable[[Exchange, Returned | None], str]) -> Source | None:
    if not rest:
        return body_of
    try:
        path = json_path(f"${rest}")
    except PathError:
        return None

    def read(exchange: Exchange, returned: Returned | None) -> str | None:
        try:
            value = path.value(parsed(body_of(exchange, returned)))
        except PathError:
            return None
        return None if value is None else to_json(value) if isinstance(value, dict | list) else written(value)

    return read


def _returned_header(rest: str) -> Source | None:
    name = rest[1:]
    return lambda exchange, returned: None if returned is None else _joined(returned.header(name)[-1:])


def _returned_headers(rest: str) -> Source | None:
    name = rest[1:]
    return lambda exchange, returned: None if returned is None else _joined(returned.header(name))


def _context(rest: str) -> Source | None:
    names = rest[1:].split(".")

    def read(exchange: Exchange, returned: Returned | None) -> str | None:
        value: Any = exchange.context
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else None
        return None if value is None else written(value)

    return read if rest[1:] else None


def _stage_variable(rest: str) -> Source | None:
    name = rest[1:]
    return (lambda exchange, returned: exchange.stage_variables.get(name)) if name else None


#: The longest prefix first.
_SOURCES: Final[tuple[tuple[str, Callable[[str], Source | None]], ...]] = (
    ("method.request.body.", _request_body),
    ("method.request.", _request),
    ("integration.response.body.", _returned_body),
    ("integration.response.multivalueheader.", _returned_headers),
    ("integration.response.header.", _returned_header),
    ("context.", _context),
    ("stageVariables.", _stage_variable),
)
