"""Space-delimited filter patterns: `[ip, user, ..., status = 4* || status = 5*, bytes > 1000]`.

An event's fields are parted by white space; what stands in quotation marks or square brackets is one field, without
them. `...` stands for any number of fields, `w1` and other names without a condition for any one field. An event has to
have as many fields as the pattern names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from runtime.model.log_filter_values import InvalidPattern, Test, comparison

_FIELD: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+)')
_NAME: Final = re.compile(r"(?a)\A[A-Za-z_][\w.-]*\Z")
_CONDITION: Final = re.compile(
    r"\s*(?P<name>[A-Za-z_][\w.-]*)\s*(?P<operator><=|>=|!=|=|<|>)\s*"
    r'(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|%(?P<regex>(?:[^%\\]|\\.)*)%|(?P<word>[^\s"&|,()\[\]]+))\s*'
)
#: More are kept for no pattern: an event of a megabyte has half a million fields.
MAX_FIELDS: Final = 1000


class _Slot(NamedTuple):
    name: str
    test: Callable[[str], bool] | None


def compile_fields(pattern: str) -> Callable[[str], dict[str, str] | None]:
    """Raises InvalidPattern."""
    if not pattern.endswith("]"):
        raise InvalidPattern("a pattern of fields ends with ]")
    parts = _split(pattern[1:-1], ",")
    ellipses = [index for index, part in enumerate(parts) if part.strip() == "..."]
    if len(ellipses) > 1:
        raise InvalidPattern("... can be used once")
    slots = [_slot(part.strip(), number) for number, part in enumerate(parts, 1) if part.strip() != "..."]
    gap = ellipses[0] if ellipses else None

    def match(message: str) -> dict[str, str] | None:
        values = fields_of(message)
        chosen = _chosen(values, len(slots), gap)
        if chosen is None:
            return None
        if not all(slot.test is None or slot.test(value) for slot, value in zip(slots, chosen, strict=True)):
            return None
        named = {f"${slot.name}": value for slot, value in zip(slots, chosen, strict=True)}
        if gap is not None:
            between = values[gap : len(values) - (len(slots) - gap)]
            named |= {f"${gap + number}": value for number, value in enumerate(between, 1)}
        return named

    return match


def fields_of(message: str) -> list[str]:
    """The fields of an event."""
    found: list[str] = []
    for field in _FIELD.finditer(message):
        if len(found) == MAX_FIELDS:
            break
        found.append(next(text for text in field.groups() if text is not None))
    return found


def _chosen(values: list[str], count: int, gap: int | None) -> list[str] | None:
    """A value for each slot, or None when the event has another number of fields."""
    if gap is None:
        return values if len(values) == count else None
    if len(values) < count:
        return None
    return values[:gap] + values[len(values) - (count - gap) :]


def _slot(part: str, number: int) -> _Slot:
    if not part:
        return _Slot(str(number), None)
    if _NAME.match(part):
        return _Slot(part, None)
    name, test = _alternatives(part)
    return _Slot(name, test)


def _alternatives(part: str) -> tuple[str, Callable[[str], bool]]:
    """`a = 1 || a = 2 && a != 3`: && binds closer. All conditions of a slot are about its one field."""
    groups, names = [], set()
    for alternative in _split(part, "||"):
        tests = []
        for text in _split(alternative, "&&"):
            name, test = _condition(text)
            names.add(name)
            tests.append(test)
        groups.append(tests)
    if len(names) != 1:
        raise InvalidPattern(f"conditions of one field name one field: {part}")
    return names.pop(), lambda value: any(all(test(value) for test in tests) for tests in groups)


def _condition(text: str) -> tuple[str, Test]:
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise InvalidPattern(f"no condition of a field: {text.strip()}")
    kind = next(kind for kind in ("phrase", "regex", "word") if found[kind] is not None)
    word = found[kind]
    if kind == "phrase":
        word = re.sub(r"\\(.)", r"\1", word, flags=re.DOTALL)
    return found["name"], comparison(found["operator"], word, kind)


def _split(text: str, separator: str) -> list[str]:
    """Splits where the separator stands outside of quotation marks and expressions."""
    parts, start, at, inside = [], 0, 0, ""
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 1
        elif inside:
            inside = "" if character == inside else inside
        elif character in '"%':
            inside = character
        elif text.startswith(separator, at):
            parts.append(text[start:at])
            at += len(separator) - 1
            start = at + 1
        at += 1
    return [*parts, text[start:]]
