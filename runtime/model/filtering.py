"""Which records of a shard a mapping's task takes: by the filter criteria, and by the lane of their partition key.

Rules: Lambda developer guide, "Control which events Lambda sends to your function". A filter sees the record's own
members at the top (`partitionKey`, `data` …), and the whole record of the event beside them (`eventSource` …).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from runtime.model.patterns import Pattern, read_event

FILTERS_MAX: Final = 10
PATTERN_MAX_CHARS: Final = 4096

#: Partition key, data, sequence number, arrival in epoch milliseconds.
Select = Callable[[bytes, bytes, str, int], bool]


def lane_of(key: bytes, lanes: int) -> int:
    """The same key, the same lane, in every process."""
    return zlib.crc32(key) % lanes


class RecordFilter:
    """Takes a record when one of the patterns matches. `constants` are the members that all records of a shard share.

    What is in `data` is looked at as JSON where it is JSON and as text where it is not. A pattern for the members of
    `data` matches no record whose data is no object.
    """

    def __init__(self, patterns: Sequence[str], constants: dict[str, Any]) -> None:
        self._patterns = [Pattern(text) for text in patterns]
        self._structured = [_looks_into_data(pattern) for pattern in self._patterns]
        self._reads_data = any("data" in pattern.fields or "kinesis" in pattern.fields for pattern in self._patterns)
        self._constants = constants

    def takes(self, key: bytes, data: bytes, sequence_number: str, arrival_ms: int) -> bool:
        """Whether the record goes to the function."""
        content = _content(data) if self._reads_data else None
        own = {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": key.decode(),
            "sequenceNumber": sequence_number,
            "data": content,
            "approximateArrivalTimestamp": arrival_ms / 1000,
        }
        event = {**self._constants, **own, "kinesis": own}
        is_object = isinstance(content, dict)
        return any(
            (is_object or not structured) and pattern.matches(event)
            for pattern, structured in zip(self._patterns, self._structured, strict=True)
        )


def selection(lane: int, lanes: int, record_filter: RecordFilter | None) -> Select | None:
    """What the task of a lane takes; None for everything."""
    if lanes == 1:
        return None if record_filter is None else record_filter.takes
    if record_filter is None:
        return lambda key, data, number, arrival_ms: lane_of(key, lanes) == lane
    takes = record_filter.takes
    return lambda key, data, number, arrival_ms: lane_of(key, lanes) == lane and takes(key, data, number, arrival_ms)


def _looks_into_data(pattern: Pattern) -> bool:
    value = read_event(pattern.text)
    inner = value.get("kinesis")
    return isinstance(value.get("data"), dict) or (isinstance(inner, dict) and isinstance(inner.get("data"), dict))


def _content(data: bytes) -> Any:
    try:
        return read_event(data)
    except ValueError:
        return data.decode(errors="replace")
