"""JSONPath as mapping templates and parameter mappings use it: `$.a.b[0]['c d'][-1]`, `[*]`, `.*`, `..name`, slices,
`['a','b']`, filters of comparisons, and `.length()` or `.size()` at the end.

A path without `*`, `..`, slices, lists of names and filters leads to one value or none; any other to a list
(https://goessner.net/articles/JsonPath/, and what Jayway's JsonPath makes of it, which API Gateway uses).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

#: A path at most, and what it may find at most.
PATH_MAX_CHARS: Final = 1024
FOUND_MAX: Final = 100_000

_STEP: Final = re.compile(
    r"""\.\.(?P<deep>\*|[\w-]+)|\.(?P<function>length|size)\(\)\Z|\.(?P<name>[\w$@-]+)|(?P<all>\.\*|\[\*\])
    |\[(?P<index>-?\d{1,9})\]|\[(?P<start>-?\d{0,9}):(?P<end>-?\d{0,9})\]
    |\[(?P<names>\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?:\s*,\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))*\s*)\]
    |\[\?\((?P<filter>[^()]{1,500})\)\]""",
    re.VERBOSE,
)
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_TEST: Final = re.compile(
    r"""\s*@(?P<path>[^\s=!<>&|]*)\s*(?:(?P<sign>==|!=|<=|>=|<|>)\s*(?P<value>'[^']*'|"[^"]*"|-?[\d.]+|true|false|null))?\s*\Z"""
)

Step = Callable[[Any], Iterator[Any]]


class PathError(ValueError):
    """What is no path, or finds more than may be found."""


class JsonPath:
    """A path that was read. `is_definite`: it leads to one value at most."""

    __slots__ = ("_steps", "function", "is_definite")

    def __init__(self, steps: list[Step], is_definite: bool, function: bool) -> None:
        self._steps = steps
        self.is_definite = is_definite
        self.function = function

    def find(self, value: Any) -> list[Any]:
        """All that the path leads to. Raises PathError when that is too much."""
        found = [value]
        for step in self._steps:
            found = [each for before in found for each in step(before)]
            if len(found) > FOUND_MAX:
                raise PathError(f"more than {FOUND_MAX} values are found")
        if self.function:
            return [len(each) for each in found if isinstance(each, list | dict | str)]
        return found

    def value(self, value: Any) -> Any:
        """The one value, or the list of an indefinite path; None when there is none."""
        found = self.find(value)
        if self.is_definite:
            return found[0] if found else None
        return found


@lru_cache(maxsize=2048)
def json_path(text: str) -> JsonPath:
    """Raises PathError."""
    if len(text) > PATH_MAX_CHARS or not text.startswith("$"):
        raise PathError("a path begins with $")
    return _read(text, 1)


def _read(text: str, at: int) -> JsonPath:
    steps: list[Step] = []
    is_definite, has_function = True, False
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise PathError(f"no step of a path can begin with {text[at : at + 20]!r}")
        at = match.end()
        if match["function"]:
            has_function = True
            continue
        step, is_one = _step(match)
        steps.append(step)
        is_definite = is_definite and is_one
    return JsonPath(steps, is_definite, has_function)


def _step(match: re.Match[str]) -> tuple[Step, bool]:
    kind = match.lastgroup
    if kind == "name":
        return _named(match["name"]), True
    if kind == "index":
        return _indexed(int(match["index"])), True
    if kind == "names":
        names = [_unescaped(one or other) for one, other in _QUOTED.findall(match["names"])]
        return (_named(names[0]), True) if len(names) == 1 else (_several(names), False)
    if kind == "deep":
        return _deep(match["deep"]), False
    if kind == "filter":
        return _filtered(match["filter"]), False
    if kind in ("start", "end"):
        return _sliced(match["start"], match["end"]), False
    return _children, False


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _named(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return step


def _several(names: list[str]) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            yield {name: value[name] for name in names if name in value}

    return step


def _indexed(index: int) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list) and -len(value) <= index < len(value):
            yield value[index]

    return step


def _sliced(start: str, end: str) -> Step:
    try:
        part = slice(int(start) if start else None, int(end) if end else None)
    except ValueError:
        raise PathError("the ends of a slice are numbers") from None

    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list):
            yield from value[part]

    return step


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _deep(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        waiting = [value]
        while waiting:
            each = waiting.pop()
            if name == "*":
                yield from _children(each)
            elif isinstance(each, dict) and name in each:
                yield each[name]
            waiting.extend(reversed(list(_children(each))))

    return step


def _filtered(text: str) -> Step:
    """`@.a == 'x' && @.b`: `||` of `&&` of tests."""
    choices = [[_test(test) for test in choice.split("&&")] for choice in text.split("||")]

    def step(value: Any) -> Iterator[Any]:
        for each in _children(value):
            if any(all(test(each) for test in choice) for choice in choices):
                yield each

    return step


def _test(text: str) -> Callable[[Any], bool]:
    match = _TEST.match(text)
    if match is None:
        raise PathError(f"no test of a filter: {text.strip()[:60]!r}")
    path = _read(match["path"], 0)
    sign = match["sign"]
    if sign is None:
        return lambda value: bool(path.find(value))
    wanted = _constant(match["value"])
    return lambda value: any(_holds(sign, found, wanted) for found in path.find(value))


def _constant(text: str) -> Any:
    if text[0] in "'\"":
        return text[1:-1]
    try:
        return json.loads(text)
    except ValueError:
        raise PathError(f"no value: {text!r}") from None


def _holds(sign: str, found: Any, wanted: Any) -> bool:
    if sign in ("==", "!="):
        return (found == wanted and isinstance(found, bool) == isinstance(wanted, bool)) is (sign == "==")
    if isinstance(found, bool) or isinstance(wanted, bool) or found is None or wanted is None:
        return False
    try:
        return bool({"<": found < wanted, ">": found > wanted, "<=": found <= wanted, ">=": found >= wanted}[sign])
    except TypeError:
        return False
