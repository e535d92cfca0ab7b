"""The regular expressions of filter patterns, searched in time linear in the text whatever the expression is.

The guide's subset has no groups, so an expression is alternatives of characters in a row, each with a quantifier. All
places in it that may have been reached are one integer's bits; a character moves them all at once, and what a set of
places becomes by a character is remembered. `re` would need exponential time for expressions that anybody may send.

    piece: (character | . | [class] | \\d \\D \\s \\S \\w \\W \\xhh) (? | * | + | {n} | {n,} | {n,m})
    ^ and $ only at the ends
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

MAX_ITEMS: Final = 512
SEARCHED_CHARS: Final = 65_536
_CACHED: Final = 4096

_PIECE: Final = re.compile(
    r"(?a)(?P<atom>\[\^?\]?(?:[^\]\\]|\\.)*\]|\\x[0-9a-fA-F]{2}|\\.|[^\\\[\](){}?*+|])"
    r"(?P<times>[?*+]|\{\d{1,3}(?:,\d{0,3})?\})?"
)
_MEMBER: Final = re.compile(r"(?a)(\\x[0-9a-fA-F]{2}|\\.|.)(?:-(\\x[0-9a-fA-F]{2}|\\.|.))?", re.DOTALL)
_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_SHORTHAND: Final = {"d": frozenset("0123456789"), "s": frozenset(" \t\n\r\f\v"), "w": _WORD}

Takes = Callable[[str], bool]


class _Item(NamedTuple):
    takes: Takes
    skippable: bool
    repeats: bool


class Expression:
    """Raises ValueError for what is outside the subset, or beyond 512 characters once its counts are spelled out."""

    def __init__(self, text: str) -> None:
        self._items: list[_Item | None] = []  # None ends an alternative
        self._first = self._floating = self._accepting = self._at_end = 0
        for alternative in text.split("|") if "\\|" not in text and "[" not in text else _split(text):
            self._add(alternative)
        self._steps: dict[tuple[int, str], int] = {}
        self._first, self._floating = self._closed(self._first), self._closed(self._floating)

    def found_in(self, text: str) -> bool:
        """Whether some part of the text fits; looks at its first 64 Ki characters, without the line's end."""
        places, accepting, steps = self._first, self._accepting, self._steps
        if places & accepting:
            return True
        for character in text[:SEARCHED_CHARS].removesuffix("\n"):
            key = (places, character)
            following = steps.get(key)
            places = self._step(key) if following is None else following
            if places & accepting:
                return True
        return bool(places & self._at_end)

    def _add(self, alternative: str) -> None:
        anchored, ended = alternative.startswith("^"), alternative.endswith("$") and not alternative.endswith("\\$")
        start = 1 << len(self._items)
        self._items += _items(alternative[anchored : len(alternative) - ended])
        end = 1 << len(self._items)
        self._items.append(None)
        if len(self._items) > MAX_ITEMS:
            raise ValueError("the expression is too long")
        self._first |= start
        self._floating |= 0 if anchored else start
        self._at_end |= end
        self._accepting |= 0 if ended else end

    def _step(self, key: tuple[int, str]) -> int:
        places, character = key
        following = 0
        for at in _bits(places):
            item = self._items[at]
            if item is not None and item.takes(character):
                following |= 1 << (at if item.repeats else at + 1)
        following = self._closed(following) | self._floating
        if len(self._steps) >= _CACHED:
            self._steps.clear()
        self._steps[key] = following
        return following

    def _closed(self, places: int) -> int:
        """With the places that are reached by leaving out what may be left out."""
        at = 0
        while places >> at:
            if places >> at & 1 and (item := self._items[at]) is not None and item.skippable:
                places |= 1 << (at + 1)
            at += 1
        return places


def _bits(number: int) -> list[int]:
    return [at for at, bit in enumerate(reversed(f"{number:b}")) if bit == "1"]


def _split(text: str) -> list[str]:
    """At each `|` that is no member of a class and not escaped."""
    pieces = re.findall(r"\[\^?\]?(?:[^\]\\]|\\.)*\]|\\.|.", text, re.DOTALL)
    alternatives = [""]
    for piece in pieces:
        if piece == "|":
            alternatives.append("")
        else:
            alternatives[-1] += piece
    return alternatives


def _items(text: str) -> list[_Item]:
    items: list[_Item] = []
    at = 0
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None or found["atom"] in ("^", "$"):
            raise ValueError(f"nothing can be read at character {at + 1} of {text}")
        items += _repeated(_takes(found["atom"]), found["times"])
        at = found.end()
        if len(items) > MAX_ITEMS:
            raise ValueError("the expression is too long")
    return items


def _repeated(takes: Takes, times: str | None) -> list[_Item]:
    once, loop = _Item(takes, False, False), _Item(takes, True, True)
    match times:
        case None:
            return [once]
        case "?":
            return [_Item(takes, True, False)]
        case "*":
            return [loop]
        case "+":
            return [once, loop]
    low, comma, high = times.strip("{}").partition(",")
    least = int(low)
    if comma and not high:
        return [once] * least + [loop]
    most = int(high) if comma else least
    if most < least:
        raise ValueError(f"{times} ends before it begins")
    return [once] * least + [_Item(takes, True, False)] * (most - least)


def _takes(atom: str) -> Takes:
    if atom == ".":
        return lambda character: character != "\n"
    if atom.startswith("["):
        return _class(atom[1:-1])
    members = _members(atom)
    if isinstance(members, str):
        return lambda character: character == members
    return members


def _members(text: str) -> str | Takes:
    """A character, or the test of a shorthand."""
    if not text.startswith("\\"):
        return text
    if text[1:2] == "x" and len(text) == 4:
        return chr(int(text[2:], 16))
    letter = text[1]
    if letter.lower() in _SHORTHAND:
        known, negated = _SHORTHAND[letter.lower()], letter.isupper()
        return lambda character: (character in known) is not negated
    if letter in _WORD:
        raise ValueError(f"{text} is not known")
    return letter


def _class(text: str) -> Takes:
    negated = text.startswith("^")
    tests: list[Takes] = []
    for low, high in _MEMBER.findall(text[negated:]):
        first, last = _members(low), _members(high or low)
        if isinstance(first, str) and isinstance(last, str):
            tests.append(_between(first, last))
        else:
            tests += [each if not isinstance(each, str) else _between(each, each) for each in (first, last)]
    return lambda character: any(test(character) for test in tests) is not negated


def _between(first: str, last: str) -> Takes:
    if first > last:
        raise ValueError(f"{first}-{last} ends before it begins")
    return lambda character: first <= character <= last
