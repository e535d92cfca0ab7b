"""JSON filter patterns: `{ ($.level = "ERROR" || $.code >= 500) && $.user NOT EXISTS }`.

    condition: selector (= | != | < | <= | > | >=) (number | word* | "text*" | %expression%)
               selector IS (TRUE | FALSE | NULL)      selector [NOT] EXISTS
    selector:  $.name.inner[0]   $.list[*]   $.*   $['name with.dots']

A comparison with several values (`[*]`) holds when one of them fits. An event that is no JSON object or array matches
no such pattern; there `NOT EXISTS` does not hold either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from runtime.model.log_filter_values import InvalidPattern, comparison, text_of

Condition = Callable[[Any], bool]
Steps = tuple[str | int | None, ...]

MAX_DEPTH: Final = 32
MAX_CONDITIONS: Final = 64
#: Values that `[*]` and `.*` may come to in one event.
MAX_VALUES: Final = 10_000

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<mark>&&|\|\||[(){}])
    | (?P<operator><=|>=|!=|=|<|>)
    | (?P<selector>\$(?:\.[\w@*:/-]+|\[(?:\d{1,9}|\*|'[^']*'|"[^"]*")\])+)
    | "(?P<phrase>(?:[^"\\]|\\.)*)"
    | %(?P<regex>(?:[^%\\]|\\.)*)%
    | (?P<word>[^\s"%(){}=<>!&|]+)
    )""",
    re.VERBOSE,
)
_STEP: Final = re.compile(r"""\.([\w@*:/-]+)|\[(?:(\d+)|(\*)|'([^']*)'|"([^"]*)")\]""")
_MISSING: Final = object()


def compile_json(pattern: str) -> Callable[[str], dict[str, str] | None]:
    """Raises InvalidPattern."""
    parser = _Parser(pattern)
    condition = parser.whole()
    selectors = dict(parser.selectors)

    def match(message: str) -> dict[str, str] | None:
        document = _document(message)
        if document is _MISSING or not condition(document):
            return None
        found = {text: next(_values(document, steps), _MISSING) for text, steps in selectors.items()}
        return {text: _shown(value) for text, value in found.items() if value is not _MISSING}

    return match


def _document(message: str) -> Any:
    if not message.lstrip().startswith(("{", "[")):
        return _MISSING
    try:
        return msgspec.json.decode(message)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return _MISSING


def _shown(value: Any) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else text_of(value)


class _Parser:
    """Recursive descent over the tokens; `||` binds weaker than `&&`."""

    def __init__(self, pattern: str) -> None:
        self._tokens = list(_tokens(pattern))
        self._at = 0
        self._conditions = 0
        self.selectors: dict[str, Steps] = {}

    def whole(self) -> Condition:
        self._expect("{")
        condition = self._either(0)
        self._expect("}")
        if self._at != len(self._tokens):
            raise InvalidPattern("there is more behind the closing brace")
        return condition

    def _either(self, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise InvalidPattern("parentheses are nested too deeply")
        return self._chain("||", any, lambda: self._chain("&&", all, lambda: self._single(depth)))

    def _chain(self, mark: str, combine: Callable[[Iterator[bool]], bool], inner: Callable[[], Condition]) -> Condition:
        parts = [inner()]
        while self._peek() == ("mark", mark):
            self._at += 1
            parts.append(inner())
        return parts[0] if len(parts) == 1 else lambda document: combine(part(document) for part in parts)

    def _single(self, depth: int) -> Condition:
        if self._peek() == ("mark", "("):
            self._at += 1
            condition = self._either(depth + 1)
            self._expect(")")
            return condition
        return self._condition()

    def _condition(self) -> Condition:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise InvalidPattern(f"a pattern has at most {MAX_CONDITIONS} conditions")
        kind, text = self._next()
        if kind != "selector":
            raise InvalidPattern(f"a selector such as $.name is expected before {text}")
        steps = self.selectors.setdefault(text, _steps(text))
        kind, operator = self._next()
        if kind == "operator":
            return self._comparison(steps, operator)
        if kind == "word":
            return self._keyword(steps, operator.upper())
        raise InvalidPattern(f"a comparison is expected behind {text}")

    def _comparison(self, steps: Steps, operator: str) -> Condition:
        kind, word = self._next()
        if kind not in ("word", "phrase", "regex"):
            raise InvalidPattern(f"a value is expected behind {operator}")
        test = comparison(operator, word, kind)
        return lambda document: any(
            test(value) for value in _values(document, steps) if not isinstance(value, dict | list)
        )

    def _keyword(self, steps: Steps, keyword: str) -> Condition:
        match keyword:
            case "EXISTS":
                return lambda document: next(_values(document, steps), _MISSING) is not _MISSING
            case "NOT":
                if self._next()[1].upper() != "EXISTS":
                    raise InvalidPattern("EXISTS is expected behind NOT")
                return lambda document: next(_values(document, steps), _MISSING) is _MISSING
            case "IS":
                return self._is(steps)
        raise InvalidPattern(f"{keyword} is no comparison")

    def _is(self, steps: Steps) -> Condition:
        word = self._next()[1].upper()
        if word not in ("TRUE", "FALSE", "NULL"):
            raise InvalidPattern(f"IS takes TRUE, FALSE or NULL, not {word}")
        wanted = {"TRUE": True, "FALSE": False, "NULL": None}[word]
        return lambda document: any(value is wanted for value in _values(document, steps))

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "the end")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, mark: str) -> None:
        token = self._next()
        if token != ("mark", mark):
            raise InvalidPattern(f"{mark} is expected before {token[1]}")


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(pattern.rstrip())
    while at < end:
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise InvalidPattern(f"nothing can be read at character {at + 1}")
        kind = found.lastgroup or ""
        text = found[kind]
        yield kind, re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) if kind == "phrase" else text
        at = found.end()


def _steps(selector: str) -> Steps:
    steps: list[str | int | None] = []
    for name, index, star, quoted, double in _STEP.findall(selector):
        if index:
            steps.append(int(index))
        else:
            steps.append(None if star or name == "*" else name or quoted or double)
    return tuple(steps)


def _values(document: Any, steps: Steps) -> Iterator[Any]:
    found = [document]
    for step in steps:
        found = [value for each in found for value in _below(each, step)][:MAX_VALUES]
    yield from found


def _below(value: Any, step: str | int | None) -> list[Any]:
    match value, step:
        case dict(), None:
            return list(value.values())
        case list(), None:
            return value
        case dict(), str():
            return [value[step]] if step in value else []
        case list(), int():
            return [value[step]] if step < len(value) else []
    return []
