"""The methods of texts, lists, maps and numbers: those of Java that mapping templates use. A method that is not there,
or cannot do with what it is given, is null, as in Velocity."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from runtime.model.apigateway.vtl.bounds import RenderError, check_length
from runtime.model.apigateway.vtl.values import Entry, Made, equal, number, written
from runtime.model.given_pattern import PatternError, PatternTooSlow, given_pattern

Method = Callable[..., Any]
_GROUP: Final = re.compile(r"\\(.)|\$(\d)", re.DOTALL)


def call(value: Any, name: str, arguments: list[Any]) -> Any:
    """`$value.name(arguments)`. Raises RenderError for a text that would be too long."""
    invoke = getattr(value, "vtl_call", None)
    if invoke is not None:
        return invoke(name, arguments)
    method = _methods_of(value).get(name)
    if method is None:
        return None
    try:
        return method(value, *arguments)
    except PatternTooSlow as error:
        raise RenderError(f"the regular expression {error} takes too long") from None
    except (TypeError, IndexError, KeyError, PatternError, RecursionError, AttributeError, OverflowError):
        return None


def _methods_of(value: Any) -> dict[str, Method]:
    if isinstance(value, str):
        return _TEXT
    if isinstance(value, dict):
        return _MAP
    if isinstance(value, list):
        return _LIST
    if isinstance(value, Entry):
        return _ENTRY
    return _NUMBER if number(value) is not None else _ANY


def _replace(text: str, old: Any, new: Any) -> str:
    before, after = written(old), written(new)
    check_length(len(text) + text.count(before) * max(len(after) - len(before), 0))
    return text.replace(before, after)


def _replace_all(text: str, pattern: str, new: str, count: int = 0) -> str:
    length = len(text)

    def put(found: Any) -> str:
        nonlocal length
        piece = _GROUP.sub(lambda each: each[1] or found[int(each[2])] or "", new)
        length += len(piece)
        check_length(length)
        return piece

    return given_pattern(pattern).sub(put, text, count)


def _split(text: str, pattern: str, limit: int = 0) -> Made:
    """Java's: empty pieces at the end go, unless a limit is given."""
    pieces = given_pattern(pattern).split(text, max(limit - 1, 0))
    while not limit and len(pieces) > 1 and not pieces[-1]:
        pieces.pop()
    return Made(pieces)


def _substring(text: str, start: int, end: int | None = None) -> str | None:
    last = len(text) if end is None else end
    return text[start:last] if 0 <= start <= last <= len(text) else None


def _joined(text: str, other: Any) -> str:
    check_length(len(text) + len(written(other)))
    return text + written(other)


def _set(items: list[Any], index: int, value: Any) -> Any:
    before, items[index] = items[index], value
    return before


def _add(items: list[Any], first: Any, *more: Any) -> bool | None:
    """`add(value)`, or `add(index, value)`."""
    if more:
        items.insert(first, more[0])
        return None
    items.append(first)
    return True


def _removed(items: list[Any], what: Any) -> Any:
    """By index, or the first that equals."""
    if isinstance(what, int) and not isinstance(what, bool):
        return items.pop(what)
    for index, item in enumerate(items):
        if equal(item, what):
            del items[index]
            return True
    return False


def _extended(items: list[Any], more: Any) -> bool:
    check_length(len(items) + len(more))
    items.extend(list(more))
    return True


def _put(value: dict[Any, Any], key: Any, item: Any) -> Any:
    before = value.get(key)
    value[key] = item
    return before


def _index(items: list[Any], what: Any) -> int:
    return next((index for index, item in enumerate(items) if equal(item, what)), -1)


_ANY: Final[dict[str, Method]] = {"toString": written, "equals": equal}
_TEXT: Final[dict[str, Method]] = _ANY | {
    "charAt": lambda text, index: text[index] if index >= 0 else None,
    "compareTo": lambda text, other: (text > other) - (text < other),
    "concat": _joined,
    "contains": lambda text, other: written(other) in text,
    "endsWith": lambda text, other: text.endswith(written(other)),
    "equalsIgnoreCase": lambda text, other: text.lower() == written(other).lower(),
    "indexOf": lambda text, other, start=0: text.find(written(other), start),
    "isEmpty": lambda text: not text,
    "lastIndexOf": lambda text, other: text.rfind(written(other)),
    "length": len,
    "matches": lambda text, pattern: given_pattern(pattern).fullmatch(text),
    "replace": _replace,
    "replaceAll": _replace_all,
    "replaceFirst": lambda text, pattern, new: _replace_all(text, pattern, new, 1),
    "split": _split,
    "startsWith": lambda text, other: text.startswith(written(other)),
    "substring": _substring,
    "toLowerCase": str.lower,
    "toUpperCase": str.upper,
    "trim": str.strip,
}
_LIST: Final[dict[str, Method]] = _ANY | {
    "add": _add,
    "addAll": _extended,
    "clear": lambda items: items.clear(),
    "contains": lambda items, what: _index(items, what) >= 0,
    "get": lambda items, index: items[index] if index >= 0 else None,
    "indexOf": _index,
    "isEmpty": lambda items: not items,
    "remove": _removed,
    "set": _set,
    "size": len,
    "subList": lambda items, start, end: Made(items[start:end]),
}
_MAP: Final[dict[str, Method]] = _ANY | {
    "clear": lambda value: value.clear(),
    "containsKey": lambda value, key: key in value,
    "containsValue": lambda value, item: _index(list(value.values()), item) >= 0,
    "entrySet": lambda value: Made(Entry(key, item) for key, item in value.items()),
    "get": lambda value, key: value.get(key),
    "getOrDefault": lambda value, key, other: value.get(key, other),
    "isEmpty": lambda value: not value,
    "keySet": lambda value: Made(value),
    "put": _put,
    "putAll": lambda value, other: value.update(other),
    "remove": lambda value, key: value.pop(key, None),
    "size": len,
    "values": lambda value: Made(value.values()),
}
_ENTRY: Final[dict[str, Method]] = _ANY | {
    "getKey": lambda entry: entry.key,
    "getValue": lambda entry: entry.value,
}


def _parsed(kind: type, text: str) -> Any:
    try:
        return kind(text.strip()) if len(text) < 40 else None
    except ValueError:
        return None


#: `$number.parseInt(text)` is how templates that know no types read numbers.
_NUMBER: Final[dict[str, Method]] = _ANY | {
    "compareTo": lambda value, other: (value > other) - (value < other),
    "doubleValue": float,
    "intValue": int,
    "longValue": int,
    "parseDouble": lambda value, text: _parsed(float, text),
    "parseInt": lambda value, text: _parsed(int, text),
    "parseLong": lambda value, text: _parsed(int, text),
}
