"""A Lambda function that keeps delay statistics of flights, by carrier and by airport of departure.

The statistics of a worker live in its module globals for as long as the worker does. Each invocation returns the
summary of its own batch; summaries merge by addition, so whoever collects them knows the whole, whichever worker did
which part.
Only the standard library and this file are needed: it can be zipped and uploaded as it is.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

DELAYED_MINUTES = 15  # later than this counts as delayed, as the U.S. Department of Transportation counts it

Counts = dict[str, int]
Summary = dict[str, Any]

totals_by_carrier: dict[str, Counts] = {}
totals_by_airport: dict[str, Counts] = {}


def counts_of(flight: dict[str, Any]) -> Counts:
    """One flight. Without a delay it did not depart: it is counted as cancelled, and its delay as none."""
    delay = flight["dep_delay"]
    departed = delay is not None
    return {
        "flights": 1,
        "departed": int(departed),
        "cancelled": int(not departed),
        "delayed": int(departed and delay > DELAYED_MINUTES),
        "delay_minutes": delay if departed else 0,
    }


def add(table: dict[str, Counts], key: str, counts: Counts) -> None:
    """Adds `counts` to the row `key` of `table`."""
    row = table.setdefault(key, dict.fromkeys(counts, 0))
    for name, count in counts.items():
        row[name] = row.get(name, 0) + count


def flights_in(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(base64.b64decode(record["kinesis"]["data"])) for record in event["Records"]]


def summarize(flights: Iterable[dict[str, Any]]) -> Summary:
    """The summary of a batch: counts of all, by carrier, and by airport of departure."""
    by_all: dict[str, Counts] = {}
    by_carrier: dict[str, Counts] = {}
    by_airport: dict[str, Counts] = {}
    for flight in flights:
        counts = counts_of(flight)
        add(by_all, "all", counts)
        add(by_carrier, flight["carrier"], counts)
        add(by_airport, flight["origin"], counts)
    return {"all": by_all, "by_carrier": by_carrier, "by_airport": by_airport}


def merge(summaries: Iterable[Summary]) -> Summary:
    """What one batch with the flights of all `summaries` would have given."""
    merged: Summary = {"all": {}, "by_carrier": {}, "by_airport": {}}
    for summary in summaries:
        for name, table in merged.items():
            for key, counts in summary[name].items():
                add(table, key, counts)
    return merged


def mean_delay_minutes(counts: Counts) -> float:
    """Over the flights that departed; early ones count as negative."""
    return counts["delay_minutes"] / counts["departed"] if counts["departed"] else 0.0


def delayed_share(counts: Counts) -> float:
    return counts["delayed"] / counts["departed"] if counts["departed"] else 0.0


def handler(event: dict[str, Any], context: object) -> Summary:
    summary = summarize(flights_in(event))
    for carrier, counts in summary["by_carrier"].items():
        add(totals_by_carrier, carrier, counts)
    for airport, counts in summary["by_airport"].items():
        add(totals_by_airport, airport, counts)
    return summary
