"""CloudWatch Logs' filter patterns: terms, JSON, space-delimited fields, regular expressions.

    ERROR                              events with the word (case counts)
    ERROR ARGUMENTS                    with both           ?ERROR ?WARN   with either        ERROR -EXITING  without
    "INTERNAL SERVER ERROR"            with the phrase     %4\\d{2}%       that the expression finds
    { $.latency > 100 && $.user = "a*" }                   JSON, see log_filter_json
    [ip, user, ..., status = 4*, bytes > 10]               fields parted by spaces, see log_filter_fields

Rules: "Filter pattern syntax for metric filters, subscription filters and filter log events" in the CloudWatch Logs
user guide. A pattern is compiled once; `Pattern.match` is pure and never raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from runtime.model.log_filter_fields import compile_fields
from runtime.model.log_filter_json import compile_json
from runtime.model.log_filter_values import InvalidPattern, regex

#: AWS's bound of a pattern, in characters.
PATTERN_MAX_CHARS: Final = 1024

Extracted = dict[str, str]
Matcher = Callable[[str], Extracted | None]

_TERM: Final = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)*)%|([^\s"%]+))')
_PLAIN: Final = re.compile(r"(?a)\A[\w.@/:#=,+*$&-]+\Z")


class Pattern:
    """A compiled pattern. The empty one matches every event."""

    __slots__ = ("_match", "text")

    def __init__(self, text: str, match: Matcher) -> None:
        self.text = text
        self._match = match

    def match(self, message: str) -> Extracted | None:
        """None for an event that is not meant; else the values the pattern names, as TestMetricFilter shows them."""
        return self._match(message)

    def __repr__(self) -> str:
        return f"<Pattern {self.text!r}>"


class _Term(NamedTuple):
    sign: str
    found_in: Callable[[str], bool]


def compile_pattern(text: str) -> Pattern:
    """Raises InvalidPattern."""
    bare = text.strip()
    if len(text) > PATTERN_MAX_CHARS:
        raise InvalidPattern(f"a pattern has at most {PATTERN_MAX_CHARS} characters")
    if bare in ("", '""'):  # the console writes two quotation marks for "everything"
        return Pattern(text, lambda _: {})
    if bare.startswith("{"):
        return Pattern(text, compile_json(bare))
    if bare.startswith("["):
        return Pattern(text, compile_fields(bare))
    return Pattern(text, _compile_terms(bare))


def _compile_terms(text: str) -> Matcher:
    terms = _terms(text)
    wanted = [term.found_in for term in terms if term.sign == ""]
    unwanted = [term.found_in for term in terms if term.sign == "-"]
    optional = [term.found_in for term in terms if term.sign == "?"]

    def match(message: str) -> Extracted | None:
        if any(found(message) for found in unwanted) or not all(found(message) for found in wanted):
            return None
        # AWS does not look at optional terms beside others that are required.
        if optional and not wanted and not any(found(message) for found in optional):
            return None
        return {}

    return match


def _terms(text: str) -> list[_Term]:
    terms, at = [], 0
    while at < len(text):
        found = _TERM.match(text, at)
        if found is None:
            if not text[at:].strip():
                break
            raise InvalidPattern(f"no term can be read at character {at + 1}")
        terms.append(_term(*found.groups()))
        at = found.end()
    return terms


def _term(sign: str, phrase: str | None, expression: str | None, word: str | None) -> _Term:
    if expression is not None:
        return _Term(sign, regex(expression))
    if phrase is not None:
        wanted = re.sub(r"\\(.)", r"\1", phrase, flags=re.DOTALL)
    else:
        wanted = word or ""
        if not _PLAIN.match(wanted):
            raise InvalidPattern(
                f"a term with other characters than letters, digits and underscores is quoted: {wanted}"
            )
    return _Term(sign, lambda message: wanted in message)


__all__ = ["PATTERN_MAX_CHARS", "Extracted", "InvalidPattern", "Matcher", "Pattern", "compile_pattern"]
