"""Regular expressions that users give: bounded in length, and in the time that one match may take.

Python's `re` backtracks without any bound, and one expression (`(a+)+$`) with one text holds up the whole process.
The library `regex` takes the same syntax, and Java's (which API Gateway has), and stops after a time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import regex

#: Of an expression.
PATTERN_MAX_CHARS: Final = 2048
#: Of one match, substitution or split.
TIMEOUT_S: Final = 0.05


class PatternError(ValueError):
    """No regular expression, or one that is too long."""


class PatternTooSlow(RuntimeError):
    """An expression did not come to an end with a text."""


class GivenPattern:
    """One expression. All methods raise PatternTooSlow."""

    __slots__ = ("_compiled",)

    def __init__(self, text: str) -> None:
        """Raises PatternError."""
        if len(text) > PATTERN_MAX_CHARS:
            raise PatternError(f"a regular expression has at most {PATTERN_MAX_CHARS} characters")
        try:
            self._compiled = regex.compile(text)
        except (regex.error, RecursionError, OverflowError, ValueError) as error:
            raise PatternError(str(error)) from None

    def __repr__(self) -> str:
        return f"<GivenPattern {self._compiled.pattern!r}>"

    def fullmatch(self, text: str) -> bool:
        return self._run(lambda: self._compiled.fullmatch(text, timeout=TIMEOUT_S)) is not None

    def search(self, text: str) -> bool:
        return self._run(lambda: self._compiled.search(text, timeout=TIMEOUT_S)) is not None

    def sub(self, replace: Callable[[Any], str], text: str, count: int = 0) -> str:
        """`replace` gets a match, which gives groups by number (`found[1]`)."""
        return str(self._run(lambda: self._compiled.sub(replace, text, count=count, timeout=TIMEOUT_S)))

    def split(self, text: str, most: int = 0) -> list[str]:
        found: list[str] = self._run(lambda: self._compiled.split(text, maxsplit=most, timeout=TIMEOUT_S))
        return found

    def _run(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except TimeoutError:
            raise PatternTooSlow(self._compiled.pattern) from None


@lru_cache(maxsize=256)
def given_pattern(text: str) -> GivenPattern:
    """One that was compiled before, if it was. Raises PatternError."""
    return GivenPattern(text)
