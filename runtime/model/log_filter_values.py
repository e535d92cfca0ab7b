"""What the kinds of filter patterns share: comparisons of one value, the subset of regular expressions, errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from runtime.errors import FunctionsError
from runtime.model.log_regex import Expression

#: A value to test: a JSON scalar, or the text of a field.
Scalar = str | int | float | bool | None
Test = Callable[[Scalar], bool]

_NUMBER: Final = re.compile(r"(?a)\A[-+]?\d{1,30}(\.\d{1,30})?([eE][-+]?\d{1,3})?\Z")


class InvalidPattern(FunctionsError, ValueError):
    """A filter pattern that cannot be read."""

    code = "InvalidParameterException"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"Invalid filter pattern: {self.reason}"


def regex(text: str) -> Callable[[str], bool]:
    """A search for an expression of the guide's subset. Raises InvalidPattern."""
    if not text:
        raise InvalidPattern("the regular expression is empty")
    try:
        return Expression(text).found_in
    except ValueError as error:
        raise InvalidPattern(f"the regular expression cannot be read: {error}") from None


def number_of(text: str) -> float | None:
    """The number that a word of a pattern, or the text of a field, stands for."""
    return float(text) if _NUMBER.match(text) else None


def glob(text: str) -> Callable[[str], bool]:
    """A comparison with `*` at either end, or anywhere between, for any characters."""
    if "*" not in text:
        return lambda value: value == text
    pieces = text.split("*")
    first, *middle, last = pieces

    def matches(value: str) -> bool:
        if not (value.startswith(first) and len(value) >= len(first) + len(last) and value.endswith(last)):
            return False
        at, end = len(first), len(value) - len(last)
        for piece in middle:
            at = value.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return matches


def comparison(operator: str, word: str, kind: str) -> Test:
    """The test `operator word`; `kind` tells a quoted word (`phrase`), a bare one (`word`) and an expression (`regex`).

    Numbers compare as numbers, everything else as text; a missing or null value is never equal and never unequal.
    Raises InvalidPattern.
    """
    if operator in ("=", "!="):
        equal = _equality(word, kind)
        return equal if operator == "=" else _negation(equal)
    limit = number_of(word) if kind == "word" else None
    if limit is None:
        raise InvalidPattern(f"{operator} compares with a number: {word}")
    return _order(operator, limit)


def _equality(word: str, kind: str) -> Test:
    if kind == "regex":
        found = regex(word)
        return lambda value: value is not None and found(text_of(value))
    limit = number_of(word) if kind == "word" else None
    if limit is not None:
        return lambda value: _numeric(value) == limit
    matches = glob(word)
    return lambda value: value is not None and matches(text_of(value))


def _negation(equal: Test) -> Test:
    return lambda value: value is not None and not equal(value)


def _order(operator: str, limit: float) -> Test:
    def test(value: Scalar) -> bool:
        number = _numeric(value)
        if number is None:
            return False
        match operator:
            case "<":
                return number < limit
            case "<=":
                return number <= limit
            case ">":
                return number > limit
            case _:
                return number >= limit

    return test


def _numeric(value: Scalar) -> float | None:
    if isinstance(value, str):
        return number_of(value)
    if value is None or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def text_of(value: Scalar) -> str:
    """A value as patterns and TestMetricFilter see it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case _:
            return str(value)
