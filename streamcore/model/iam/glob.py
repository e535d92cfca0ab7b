"""Patterns with `*` and `?` as policies have them, and ARNs compared part by part.

No regular expression with several `.*`: those take time that grows with a power of the text's length. A `*` splits the
pattern into pieces that are looked for one after the other, leftmost first, which is linear and finds every match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from streamcore.model.caching import cached_if_short

#: `arn:partition:service:region:account:resource`
ARN_PARTS: Final = 6


class Literal(NamedTuple):
    """A text in which `*` and `?` mean themselves: what a policy variable stood for."""

    text: str


Token = str | Literal


class Glob:
    """A pattern that was read once. `ignore_case` is how names of actions are compared."""

    __slots__ = ("_exact", "_pieces")

    def __init__(self, tokens: Sequence[Token], *, ignore_case: bool = False) -> None:
        pieces: list[str] = [""]
        is_plain = True
        for token in tokens:
            if isinstance(token, Literal):
                pieces[-1] += re.escape(token.text)
                continue
            head, *rest = token.split("*")
            pieces[-1] += _escaped(head)
            pieces += [_escaped(each) for each in rest]
            is_plain = is_plain and "?" not in token
        flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
        self._exact: str | None = None
        if len(pieces) == 1 and is_plain and not ignore_case:
            self._exact = "".join(token.text if isinstance(token, Literal) else token for token in tokens)
        self._pieces = [re.compile(piece, flags) for piece in pieces]

    def matches(self, text: str) -> bool:
        if self._exact is not None:
            return text == self._exact
        first, *middle = self._pieces
        if not middle:
            return first.fullmatch(text) is not None
        found = first.match(text)
        if found is None:
            return False
        at, last = found.end(), middle.pop()
        for piece in middle:
            found = piece.search(text, at)
            if found is None:
                return False
            at = found.end()
        # Pieces have a fixed length, so the last one can only begin in one place.
        start = len(text) - _length(last)
        return start >= at and last.fullmatch(text, start) is not None


@lru_cache(maxsize=4096)
def _length(piece: re.Pattern[str]) -> int:
    return len(re.sub(r"\\(.)", r"\1", piece.pattern, flags=re.DOTALL))


def _escaped(text: str) -> str:
    return ".".join(re.escape(part) for part in text.split("?"))


@cached_if_short(4096)
def action_glob(pattern: str) -> Glob:
    """Actions are compared without regard to case."""
    return Glob([pattern], ignore_case=True)


class ArnGlob:
    """An ARN with wildcards: each of its six parts for itself, so that no `*` reaches over a colon of the first five.
    What is no ARN is one pattern."""

    __slots__ = ("_parts", "_whole")

    def __init__(self, tokens: Sequence[Token]) -> None:
        parts = _split(tokens)
        self._whole: Glob | None = None
        self._parts: list[Glob] = []
        if len(parts) == ARN_PARTS and parts[0] == ["arn"]:
            self._parts = [Glob(part) for part in parts]
        else:
            self._whole = Glob(tokens)

    def matches(self, arn: str) -> bool:
        if self._whole is not None:
            return self._whole.matches(arn)
        parts = arn.split(":", ARN_PARTS - 1)
        if len(parts) != ARN_PARTS:
            return False
        return all(glob.matches(part) for glob, part in zip(reversed(self._parts), reversed(parts), strict=True))


def _split(tokens: Iterable[Token]) -> list[list[Token]]:
    """The tokens of each part; colons in what a variable stood for do not count."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if isinstance(token, Literal):
            parts[-1].append(token)
            continue
        pieces = token.split(":", ARN_PARTS - len(parts))
        if pieces[0]:
            parts[-1].append(pieces[0])
        parts += [[piece] if piece else [] for piece in pieces[1:]]
    return parts


@cached_if_short(4096)
def arn_glob(pattern: str) -> ArnGlob:
    return ArnGlob([pattern])


class Arn(NamedTuple):
    """An ARN taken apart; every part may be empty."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn | None:
        """None for what is no ARN."""
        parts = text.split(":", ARN_PARTS - 1)
        return cls(*parts[1:]) if len(parts) == ARN_PARTS and parts[0] == "arn" else None
