"""The embedded metric format: metrics that a function prints as JSON lines.

    {"_aws": {"Timestamp": 1700000000000, "CloudWatchMetrics": [{"Namespace": "Shop", "Dimensions": [["Service"]],
      "Metrics": [{"Name": "Sold", "Unit": "Count"}]}]}, "Service": "checkout", "Sold": [1, 2]}

"Specification: Embedded metric format" in the CloudWatch user guide. A line that does not follow it is only a log line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from runtime.model.metric import VALUE_MAX, Dimensions

MAX_METRICS: Final = 100
MAX_VALUES: Final = 100
MAX_DIMENSIONS: Final = 30


class Datum(NamedTuple):
    """Samples of one metric."""

    timestamp_ms: int
    namespace: str
    name: str
    dimensions: Dimensions
    unit: str
    values: list[float]


class _Metric(msgspec.Struct):
    name: str = msgspec.field(name="Name")
    unit: str = msgspec.field(name="Unit", default="None")


class _Directive(msgspec.Struct):
    namespace: str = msgspec.field(name="Namespace")
    dimensions: list[list[str]] = msgspec.field(name="Dimensions")
    metrics: list[_Metric] = msgspec.field(name="Metrics")


class _Metadata(msgspec.Struct):
    timestamp: int = msgspec.field(name="Timestamp")
    directives: list[_Directive] = msgspec.field(name="CloudWatchMetrics")


class _Line(msgspec.Struct):
    aws: _Metadata = msgspec.field(name="_aws")


def metrics_of(line: str) -> list[Datum]:
    """The metrics of a line; nothing for any other line."""
    if not line.startswith("{") or '"_aws"' not in line:
        return []
    try:
        metadata = msgspec.json.decode(line, type=_Line).aws
        members = msgspec.json.decode(line)
    except (msgspec.MsgspecError, RecursionError):
        return []
    return [datum for directive in metadata.directives for datum in _data(directive, metadata.timestamp, members)]


def _data(directive: _Directive, timestamp_ms: int, members: dict[str, Any]) -> Iterator[Datum]:
    if not 1 <= len(directive.namespace) <= 255:
        return
    for names in directive.dimensions or [[]]:
        if len(names) > MAX_DIMENSIONS or not all(isinstance(members.get(name), str) for name in names):
            continue
        dimensions = tuple(sorted((name, members[name]) for name in names))
        for metric in directive.metrics[:MAX_METRICS]:
            values = _values(members.get(metric.name))
            if values:
                yield Datum(timestamp_ms, directive.namespace, metric.name, dimensions, metric.unit, values)


def _values(found: Any) -> list[float]:
    given = found if isinstance(found, list) else [found]
    numbers = [value for value in given[:MAX_VALUES] if isinstance(value, int | float) and not isinstance(value, bool)]
    return [float(value) for value in numbers if abs(value) < VALUE_MAX and not math.isnan(value)]
