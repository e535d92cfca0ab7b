"""Which messages of a queue a mapping takes, by its filter criteria.

Rules: Lambda developer guide, "Using event filtering with an Amazon SQS event source". A pattern sees the record as it
is in the event. A body that is JSON is looked at as such, any other as text; so a pattern for the members of `body`
matches no message whose body is no object, and a pattern for text matches none whose body is JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.model.patterns import Pattern, read_event


class MessageFilter:
    """Takes a message when one of the patterns matches."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Raises InvalidPatternError."""
        self._patterns = [Pattern(text) for text in patterns]
        self._structured = [isinstance(read_event(text).get("body"), dict) for text in patterns]
        self._reads_body = any("body" in pattern.fields for pattern in self._patterns)

    def takes(self, record: dict[str, Any]) -> bool:
        """Whether a record of the event goes to the function."""
        if self._reads_body:
            record = {**record, "body": _content(record["body"])}
        is_object = isinstance(record["body"], dict)
        return any(
            (is_object or not structured) and pattern.matches(record)
            for pattern, structured in zip(self._patterns, self._structured, strict=True)
        )


def _content(body: str) -> Any:
    try:
        return read_event(body)
    except ValueError:
        return body
