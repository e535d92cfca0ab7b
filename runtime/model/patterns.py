"""Event patterns: the grammar that EventBridge rules, Pipes and Lambda's filter criteria share.

    {"source": ["orders"], "detail": {"amount": [{"numeric": [">", 0, "<=", 5]}], "note": [{"exists": false}]}}

A pattern is an object; every field in it must match, a leaf by any member of its list. Where an event has an array, one
of its elements must match; of an array of objects, one object must match all fields. `$or` holds alternatives.
Source: EventBridge user guide, "Comparison operators"; the open-source rule engine `event-ruler`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from runtime.errors import InvalidPatternError

#: Numbers in comparisons: "between -5.0e9 and +5.0e9 inclusive, with 15 digits of precision" (user guide).
NUMERIC_MAX: Final = 5.0e9
MAX_DEPTH: Final = 32
MAX_ALTERNATIVES: Final = 1000
_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}

Test = Callable[[Any], bool]


class _Missing:
    """The value of a field that an event does not have."""


_MISSING: Final = _Missing()


class Real(float):
    """A number with a point or an exponent, which keeps how it was written: 300, 300.0 and 3.0e2 are not equal."""

    text: str

    def __new__(cls, text: str) -> Real:
        made = super().__new__(cls, text)
        made.text = text
        return made


_DECODER: Final = msgspec.json.Decoder(float_hook=Real)


def read_event(text: bytes | str) -> Any:
    """An event as patterns want it. Raises ValueError for what is no JSON."""
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


class Pattern:
    """A compiled pattern; the same text, the same pattern."""

    def __init__(self, text: str) -> None:
        """Raises InvalidPatternError, with the reason."""
        self.text = text
        try:
            value = read_event(text)
        except ValueError as error:
            raise InvalidPatternError(f"it is no JSON: {error}") from error
        if not isinstance(value, dict):
            raise InvalidPatternError("it is no object")
        if not value:
            raise InvalidPatternError("it is empty")
        self.fields = frozenset(value)
        self._test = _object(value, 1)

    def matches(self, event: Any) -> bool:
        """Whether an event (from `read_event`) matches."""
        return self._test(event)

    def __repr__(self) -> str:
        return f"<Pattern {self.text[:80]}>"


# ---------------------------------------------------------------- fields


def _object(pattern: dict[str, Any], depth: int) -> Test:
    if depth > MAX_DEPTH:
        raise InvalidPatternError(f"it is nested more than {MAX_DEPTH} deep")
    tests = [_field(name, inner, depth) for name, inner in pattern.items() if name != "$or" or not _is_or(inner)]
    if "$or" in pattern and _is_or(pattern["$or"]):
        tests.append(_alternatives(pattern["$or"], depth))

    def one(value: Any) -> bool:
        return all(test(value) for test in tests)

    def test(value: Any) -> bool:
        if isinstance(value, list):
            return any(test(item) for item in value)
        return one(value if isinstance(value, dict) else {})

    return test


def _is_or(inner: Any) -> bool:
    """`$or` with at least two objects is the operator; anything else is a field of that name."""
    return isinstance(inner, list) and len(inner) > 1 and all(isinstance(each, dict) and each for each in inner)


def _alternatives(inner: list[dict[str, Any]], depth: int) -> Test:
    if len(inner) > MAX_ALTERNATIVES:
        raise InvalidPatternError(f"$or has more than {MAX_ALTERNATIVES} members")
    tests = [_object(each, depth + 1) for each in inner]
    return lambda value: any(test(value) for test in tests)


def _field(name: str, inner: Any, depth: int) -> Test:
    if isinstance(inner, dict):
        if not inner:
            raise InvalidPatternError(f"Empty objects are not allowed, at {_shown(name)}")
        below = _object(inner, depth + 1)
        return lambda event: below(event.get(name))
    if not isinstance(inner, list):
        raise InvalidPatternError(f'"{_shown(name)}" must be an object or an array')
    if not inner:
        raise InvalidPatternError(f'Empty arrays are not allowed, at "{_shown(name)}"')
    leaf = _leaf(inner)
    return lambda event: leaf(event.get(name, _MISSING))


def _leaf(members: list[Any]) -> Test:
    """A list of members, any of which may match: constants by look-up, the others one by one."""
    constants = {_key(each) for each in members if not isinstance(each, dict)}
    operators = [_operator(each) for each in members if isinstance(each, dict)]
    if any(isinstance(each, list) for each in members):
        raise InvalidPatternError("an array may not hold arrays")

    def one(value: Any) -> bool:
        return (not isinstance(value, dict) and _key(value) in constants) or any(test(value) for test in operators)

    def test(value: Any) -> bool:
        if isinstance(value, list):
            leaves = list(_leaves(value))
            return any(one(item) for item in leaves) if leaves else one(_MISSING)
        return one(value)

    return test


def _leaves(value: list[Any]) -> Iterable[Any]:
    for item in value:
        if isinstance(item, list):
            yield from _leaves(item)
        else:
            yield item


def _key(value: Any) -> tuple[str, Any]:
    """What two equal constants have in common: kind and text."""
    match value:
        case bool():
            return "boolean", value
        case Real():
            return "number", value.text
        case int() | float():
            return "number", repr(value)
        case str():
            return "string", value
        case None:
            return "null", None
        case _:
            return "none", id(value)


# ---------------------------------------------------------------- operators


def _operator(member: dict[str, Any]) -> Test:
    if len(member) != 1:
        raise InvalidPatternError("Only one key allowed in match expression")
    name, argument = next(iter(member.items()))
    make = _OPERATORS.get(name)
    if make is None:
        raise InvalidPatternError(f"Unrecognized match type {_shown(name)}")
    return make(argument)


def _on_text(test: Callable[[str], bool]) -> Test:
    return lambda value: isinstance(value, str) and test(value)


def _text(argument: Any, operator: str) -> str:
    if not isinstance(argument, str):
        raise InvalidPatternError(f"{operator} match pattern must be a string")
    return argument


def _affix(operator: str, holds: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    """`prefix` and `suffix`: of a text, or of a text in any case."""

    def make(argument: Any) -> Test:
        if isinstance(argument, dict):
            if list(argument) != ["equals-ignore-case"]:
                raise InvalidPatternError(f"Unsupported anything but pattern in {operator}")
            folded = _text(argument["equals-ignore-case"], "equals-ignore-case").casefold()
            return _on_text(lambda value: holds(value.casefold(), folded))
        wanted = _text(argument, operator)
        return _on_text(lambda value: holds(value, wanted))

    return make


def _ignoring_case(argument: Any) -> Test:
    folded = _text(argument, "equals-ignore-case").casefold()
    return _on_text(lambda value: value.casefold() == folded)


def _wildcard(argument: Any) -> Test:
    first, *others = _literals(_text(argument, "wildcard"))
    if not others:
        return _on_text(lambda value: value == first)
    *middle, last = others

    def holds(value: str) -> bool:
        # The leftmost place is as good as any for what is between two stars: no going back, so linear in the value.
        position, end = len(first), len(value) - len(last)
        if not value.startswith(first) or not value.endswith(last) or end < position:
            return False
        for literal in middle:
            found = value.find(literal, position, end)
            if found < 0:
                return False
            position = found + len(literal)
        return True

    return _on_text(holds)


def _literals(text: str) -> list[str]:
    """What stands between the stars; `\\*` and `\\\\` are themselves."""
    parts = [""]
    characters = iter(enumerate(text))
    for position, character in characters:
        if character == "\\":
            _, escaped = next(characters, (position, ""))
            if escaped not in ("*", "\\"):
                raise InvalidPatternError(f"Invalid escape character at pos {position}")
            parts[-1] += escaped
        elif character == "*":
            if position and text[position - 1] == "*" and parts[-1] == "" and len(parts) > 1:
                raise InvalidPatternError(f"Consecutive wildcard characters at pos {position - 1}")
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _numeric(argument: Any) -> Test:
    if not isinstance(argument, list) or len(argument) not in (2, 4):
        raise InvalidPatternError("numeric needs an operator and a number, or two of each")
    pairs = [(argument[i], argument[i + 1]) for i in range(0, len(argument), 2)]
    tests = []
    for operator, bound in pairs:
        if operator not in _COMPARISONS:
            raise InvalidPatternError(f"Unrecognized numeric range operator: {_shown(str(operator))}")
        tests.append((_COMPARISONS[operator], _bound(bound)))
    if len(pairs) == 2:
        _check_range(pairs)
    return lambda value: _is_number(value) and all(compare(value, bound) for compare, bound in tests)


def _bound(bound: Any) -> float:
    if not _is_number(bound):
        raise InvalidPatternError("Value of a numeric operator must be numeric")
    if abs(bound) > NUMERIC_MAX:
        raise InvalidPatternError(f"Value must be between {-NUMERIC_MAX} and {NUMERIC_MAX}, inclusive")
    return float(bound)


def _check_range(pairs: list[tuple[str, float]]) -> None:
    (first, low), (second, high) = pairs
    if first not in (">", ">=") or second not in ("<", "<="):
        raise InvalidPatternError("a numeric range is > or >= and then < or <=")
    if low >= high:
        raise InvalidPatternError("Bottom must be less than top")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cidr(argument: Any) -> Test:
    try:
        network = ipaddress.ip_network(_text(argument, "cidr"), strict=False)
    except ValueError as error:
        raise InvalidPatternError(f"Malformed CIDR: {error}") from error

    def holds(value: str) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return _on_text(holds)


def _exists(argument: Any) -> Test:
    if not isinstance(argument, bool):
        raise InvalidPatternError("exists match pattern must be either true or false.")
    # It is about leaves: an object in the field's place is no value of the field.
    return lambda value: (value is not _MISSING and not isinstance(value, dict)) is argument


def _anything_but(argument: Any) -> Test:
    refused = _refused(argument)
    return lambda value: value is not _MISSING and not isinstance(value, dict) and not refused(value)


def _refused(argument: Any) -> Test:
    """What `anything-but` keeps out: constants, or texts by one of the text operators."""
    if isinstance(argument, dict):
        if len(argument) != 1:
            raise InvalidPatternError("Only one key allowed in match expression")
        name, inner = next(iter(argument.items()))
        if name not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
            raise InvalidPatternError(f"Unsupported anything-but pattern: {_shown(name)}")
        values = inner if isinstance(inner, list) else [inner]
        if not values:
            raise InvalidPatternError("Empty arrays are not allowed in anything-but")
        tests = [_OPERATORS[name](each) for each in values]
        return lambda value: any(test(value) for test in tests)
    values = argument if isinstance(argument, list) else [argument]
    if not values or any(isinstance(each, list | dict | bool) or each is None for each in values):
        raise InvalidPatternError("Inside anything-but list, either all values are number or string, no mixed types")
    keys = {_key(each) for each in values}
    if len({kind for kind, _ in keys}) > 1:
        raise InvalidPatternError("Inside anything-but list, either all values are number or string, no mixed types")
    return lambda value: _key(value) in keys


_OPERATORS: Final[dict[str, Callable[[Any], Test]]] = {
    "prefix": _affix("prefix", str.startswith),
    "suffix": _affix("suffix", str.endswith),
    "equals-ignore-case": _ignoring_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "exists": _exists,
    "anything-but": _anything_but,
}


def _shown(text: str) -> str:
    return text if len(text) <= 64 else f"{text[:61]}..."
