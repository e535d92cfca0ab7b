"""Places in a stream as people write them: `latest`, `trim_horizon`, `at_timestamp:MS`, `at_sequence:N`,
`after_sequence:N`."""

from __future__ import annotations

from typing import Final

import msgspec

from runtime.errors import InvalidValueError
from streamcore.model.iterator import IteratorType

_KINDS: Final = {
    "latest": IteratorType.LATEST,
    "trim_horizon": IteratorType.TRIM_HORIZON,
    "at_timestamp": IteratorType.AT_TIMESTAMP,
    "at_sequence": IteratorType.AT_SEQUENCE_NUMBER,
    "after_sequence": IteratorType.AFTER_SEQUENCE_NUMBER,
}
_NUMBER_MAX_DIGITS: Final = 128


class Position(msgspec.Struct, frozen=True):
    """`sequence_number` belongs to one shard; `timestamp_ms` is epoch milliseconds."""

    kind: IteratorType
    sequence_number: str | None = None
    timestamp_ms: int | None = None


def parse_position(text: str) -> Position:
    """Raises InvalidValueError."""
    name, _, value = text.partition(":")
    kind = _KINDS.get(name)
    is_number = value.isascii() and value.isdigit() and len(value) <= _NUMBER_MAX_DIGITS
    if kind in (IteratorType.LATEST, IteratorType.TRIM_HORIZON) and not value:
        return Position(kind)
    if kind is IteratorType.AT_TIMESTAMP and is_number and len(value) <= 16:
        return Position(kind, timestamp_ms=int(value))
    if kind in (IteratorType.AT_SEQUENCE_NUMBER, IteratorType.AFTER_SEQUENCE_NUMBER) and is_number:
        return Position(kind, sequence_number=value)
    raise InvalidValueError(
        "A position is latest, trim_horizon, at_timestamp:MILLISECONDS, at_sequence:NUMBER or after_sequence:NUMBER; "
        f"got {text[:100]!r}."
    )
