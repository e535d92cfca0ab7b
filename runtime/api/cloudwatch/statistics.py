"""From the minutes of a metric to datapoints: one set of samples per period, and the statistics of a set.

Periods begin at the start time, rounded down to a minute, as AWS does for times of the last 15 days. Everything is kept
by the minute, so a period is a whole number of minutes.
"""

from __future__ import annotations

import re
from typing import Final

from runtime.api.cloudwatch.shapes import MINUTE_S, invalid_combination, invalid_value
from runtime.model.metric import MetricKey, SampleSet
from runtime.telemetry.meter import Meter
from streamcore.api.aws.shapes import Timestamp

#: Statistics under AWS's names.
PLAIN: Final = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_PERCENTILE: Final = re.compile(r"(?a)\Ap(\d{1,3}(?:\.\d{1,10})?)\Z")

#: (start of a period in ms, unit) → its samples.
Periods = dict[tuple[int, str], SampleSet]


async def periods(
    meter: Meter, key: MetricKey, start: Timestamp, end: Timestamp, period_s: int, unit: str | None
) -> Periods:
    """The periods from the start up to the end, which is exclusive, that have samples. Raises AwsError."""
    if period_s % MINUTE_S:
        raise invalid_value(f"The parameter Period must be a multiple of {MINUTE_S}: metrics are kept by the minute.")
    if end.ms <= start.ms:
        raise invalid_combination("The parameter StartTime must be less than the parameter EndTime.")
    first, minutes = start.ms // 60_000, period_s // MINUTE_S
    found: Periods = {}
    for point in await meter.points(key, first, -(-end.ms // 60_000), unit):
        begin = first + (point.minute - first) // minutes * minutes
        found.setdefault((begin * 60_000, point.unit), SampleSet()).merge(point.samples)
    return found


def statistic(samples: SampleSet, name: str) -> float:
    """One of PLAIN, or a percentile such as `p99.9`. Raises AwsError for other names."""
    match name:
        case "SampleCount":
            return samples.count
        case "Average":
            return samples.average
        case "Sum":
            return samples.total
        case "Minimum":
            return samples.least
        case "Maximum":
            return samples.greatest
    found = _PERCENTILE.match(name)
    if found is None or float(found[1]) > 100:
        raise invalid_value(f"The statistic {name} is not offered: {', '.join(PLAIN)} and p0 to p100 are.")
    return samples.percentile(float(found[1]))


def check_statistic(name: str) -> None:
    """Raises AwsError for what `statistic` does not know."""
    probe = SampleSet()
    probe.add(1.0)
    statistic(probe, name)
