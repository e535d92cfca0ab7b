"""Values of templates: what is true, what equals, how a value is written, and what its properties are."""

from __future__ import annotations

import json
from typing import Any, Final

_WRAP: Final = 1 << 64
_HALF: Final = 1 << 63


class Made(list[Any]):
    """A list that a template made (Java's ArrayList), which is written `[a, b]`; one from JSON is written as JSON."""


class Entry:
    """A pair of `$map.entrySet()`."""

    __slots__ = ("key", "value")

    def __init__(self, key: Any, value: Any) -> None:
        self.key = key
        self.value = value


class Stop(Exception):
    """`#stop`: what is written so far is the result."""


def truth(value: Any) -> bool:
    """What `#if` takes for true: whatever is neither null nor false, as in Velocity 1."""
    return value is not None and value is not False


def written(value: Any) -> str:
    """How a value stands in the output. Null is never written."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_inner(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Made):
        return "[" + ", ".join(map(_inner, value)) + "]"
    if isinstance(value, list):
        return to_json(value)
    if isinstance(value, Entry):
        return f"{_inner(value.key)}={_inner(value.value)}"
    return str(value)


def _inner(value: Any) -> str:
    return "null" if value is None else written(value)


def to_json(value: Any) -> str:
    """Compact JSON, as `$input.json` gives it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


def property_of(value: Any, name: str) -> Any:
    """`$value.name`; null when there is none."""
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, Entry) and name in Entry.__slots__:
        return getattr(value, name)
    find = getattr(value, "vtl_property", None)
    return None if find is None else find(name)


def item_of(value: Any, key: Any) -> Any:
    """`$value[key]`; null when there is none."""
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and not isinstance(key, bool):
        return value[key] if -len(value) <= key < len(value) else None
    return None


def number(value: Any) -> int | float | None:
    """A number that can be calculated with."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def wrapped(value: int) -> int:
    """An integer as Java's long holds it."""
    return value if -_HALF <= value < _HALF else (value + _HALF) % _WRAP - _HALF


def equal(left: Any, right: Any) -> bool:
    """`==`: numbers by value, the rest by its text when the kinds differ."""
    if left is None or right is None:
        return left is right
    if isinstance(left, bool) or isinstance(right, bool) or type(left) is type(right):
        return bool(left == right)
    if number(left) is not None and number(right) is not None:
        return bool(left == right)
    return written(left) == written(right)


def calculated(sign: str, left: Any, right: Any) -> Any:
    """`+ - * / %`; `+` joins texts; what cannot be calculated is null, as division by zero is."""
    first, second = number(left), number(right)
    if first is None or second is None:
        if sign == "+" and left is not None and right is not None and (isinstance(left, str) or isinstance(right, str)):
            return written(left) + written(right)
        return None
    if sign in "/%" and second == 0:
        return None
    try:
        result = _ARITHMETIC[sign](first, second)
    except (OverflowError, ValueError):  # with infinity, or beyond it
        return None
    return wrapped(result) if isinstance(result, int) else result


def _divided(first: float, second: float) -> float:
    if isinstance(first, int) and isinstance(second, int):
        quotient = abs(first) // abs(second)
        return quotient if (first < 0) == (second < 0) else -quotient
    return first / second


def _rest(first: float, second: float) -> float:
    return first - second * int(_divided(first, second))


_ARITHMETIC: Final = {
    "+": lambda first, second: first + second,
    "-": lambda first, second: first - second,
    "*": lambda first, second: first * second,
    "/": _divided,
    "%": _rest,
}


def compared(sign: str, left: Any, right: Any) -> bool:
    """`< > <= >=` of numbers; anything else is false."""
    first, second = number(left), number(right)
    if first is None or second is None:
        return False
    if sign == "<":
        return first < second
    if sign == ">":
        return first > second
    return first <= second if sign == "<=" else first >= second
