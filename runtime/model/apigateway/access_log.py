"""Access log lines: a format with `$context.…` in it, split once, filled in per request.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

#: A format, and a line at most.
FORMAT_MAX_CHARS: Final = 3072
LINE_MAX_CHARS: Final = 1_000_000

_VARIABLE: Final = re.compile(r"\$context\.([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*)")


class LineFormat:
    """What is not there is written as `-`."""

    __slots__ = ("_names", "_texts")

    def __init__(self, text: str) -> None:
        parts = _VARIABLE.split(text)
        self._texts = parts[::2]
        self._names = [tuple(name.split(".")) for name in parts[1::2]]

    @property
    def has_request_id(self) -> bool:
        """A format without it is refused by API Gateway."""
        return ("requestId",) in self._names or ("extendedRequestId",) in self._names

    def line(self, context: Mapping[str, Any]) -> str:
        pieces = [self._texts[0]]
        for path, text in zip(self._names, self._texts[1:], strict=True):
            pieces += (_found(context, path), text)
        return "".join(pieces)[:LINE_MAX_CHARS]


def _found(context: Mapping[str, Any], path: tuple[str, ...]) -> str:
    value: Any = context
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None or value == "":
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
