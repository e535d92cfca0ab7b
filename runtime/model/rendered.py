"""A record as it stands in an event: what passes between a source, which makes it, and a mapping, which delivers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class RenderedRecord(NamedTuple):
    """`json` is the record's text in the event, made once; `position` is its index in its shard."""

    json: bytes
    sequence_number: str
    arrived_ms: int
    position: int

    @property
    def size_bytes(self) -> int:
        """What it adds to an event, its comma included."""
        return len(self.json) + 1


def size_bytes(records: Sequence[RenderedRecord]) -> int:
    """What they add to an event together."""
    return sum([len(record.json) for record in records]) + len(records)
