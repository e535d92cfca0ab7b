"""`$input` and `$util` of mapping templates.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote_plus, unquote_plus

from runtime.model.apigateway.jsonpath import PathError, json_path
from runtime.model.apigateway.vtl.bounds import RenderError, check_length
from runtime.model.apigateway.vtl.values import to_json, written

_UNREAD: Final = object()


class Parameters:
    """What the client gave in the path, the query string and the headers, each by name."""

    __slots__ = ("header", "path", "querystring")

    def __init__(self, path: Mapping[str, str], querystring: Mapping[str, str], header: Mapping[str, str]) -> None:
        self.path = path
        self.querystring = querystring
        self.header = header

    def all(self) -> dict[str, dict[str, str]]:
        return {"path": dict(self.path), "querystring": dict(self.querystring), "header": dict(self.header)}

    def find(self, name: str) -> str:
        """In the path, the query string, the headers (in any case), in this order; empty when there is none."""
        for place in (self.path, self.querystring, self.header):
            if name in place:
                return place[name]
        return next((value for known, value in self.header.items() if known.lower() == name.lower()), "")


NO_PARAMETERS: Final = Parameters({}, {}, {})


class Input:
    """`$input`: a body, and the parameters of the request. An empty body is `{}`, as at AWS."""

    __slots__ = ("_parameters", "_read", "_text")

    def __init__(self, text: str, parameters: Parameters = NO_PARAMETERS) -> None:
        self._text = text
        self._parameters = parameters
        self._read: Any = _UNREAD

    def vtl_property(self, name: str) -> Any:
        return (self._text or "{}") if name == "body" else None

    def vtl_call(self, name: str, arguments: list[Any]) -> Any:
        """Raises RenderError for a path that is none, or a body that is no JSON."""
        texts = [written(argument) for argument in arguments]
        match name, len(texts):
            case "params", 0:
                return self._parameters.all()
            case "params", 1:
                return self._parameters.find(texts[0])
            case "path", 1:
                return self._found(texts[0])
            case "json", 1:
                found = self._found(texts[0])
                text = '""' if found is None else to_json(found)
                check_length(len(text))
                return text
            case "getBody", 0:
                return self._text or "{}"
        return None

    def _found(self, path: str) -> Any:
        if self._read is _UNREAD:
            self._read = parsed(self._text)
        try:
            return json_path(path).value(self._read)
        except PathError as error:
            raise RenderError(f"{path}: {error}") from None


def parsed(text: str) -> Any:
    """JSON as a template sees it; what is no JSON is a text, and nothing is `{}`."""
    if not text.strip():
        return {}
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


class Util:
    """`$util`."""

    __slots__ = ()

    def vtl_call(self, name: str, arguments: list[Any]) -> Any:
        function = _UTIL.get(name)
        if function is None or len(arguments) != 1 or arguments[0] is None:
            return None
        text = written(arguments[0])
        check_length(6 * len(text))
        return function(text)


def escape_java_script(text: str) -> str:
    return json.dumps(text)[1:-1].replace("'", "\\'")


def _decoded(text: str) -> str | None:
    try:
        return b64decode(text).decode(errors="replace")
    except (binascii.Error, ValueError):
        return None


def _parsed_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


_UTIL: Final[dict[str, Callable[[str], Any]]] = {
    "base64Decode": _decoded,
    "base64Encode": lambda text: b64encode(text.encode()).decode(),
    "escapeJavaScript": escape_java_script,
    "parseJson": _parsed_json,
    "urlDecode": lambda text: unquote_plus(text, errors="replace"),
    "urlEncode": lambda text: quote_plus(text, safe="*"),
}
UTIL: Final = Util()
