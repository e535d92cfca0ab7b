"""The month of flights as (partition key, event) pairs, and the names behind the codes."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

DATA = Path(__file__).parent / "data"
UNKNOWN_TAIL_NUMBER = "unknown"
_MISSING = ("", "NA")


def _minutes(text: str) -> int | None:
    """Delays and times in the air; cancelled and diverted flights have none."""
    return None if text in _MISSING else int(float(text))


def _departure(row: dict[str, str]) -> str:
    """Scheduled departure, local time: the source writes 5:15 as 515."""
    hour, minute = divmod(int(row["sched_dep_time"]), 100)
    return f"{int(row['year']):04d}-{int(row['month']):02d}-{int(row['day']):02d}T{hour:02d}:{minute:02d}"


def event_of(row: dict[str, str]) -> dict[str, object]:
    """One flight as the event that is put into the stream."""
    tail_number = row["tailnum"]
    return {
        "time": _departure(row),
        "carrier": row["carrier"],
        "flight": int(row["flight"]),
        "tailnum": None if tail_number in _MISSING else tail_number,
        "origin": row["origin"],
        "dest": row["dest"],
        "dep_delay": _minutes(row["dep_delay"]),
        "arr_delay": _minutes(row["arr_delay"]),
        "air_time": _minutes(row["air_time"]),
        "distance": int(row["distance"]),
    }


def flights() -> Iterator[tuple[str, bytes]]:
    """All flights in order of scheduled departure; one aircraft is one partition key, so its flights stay in order."""
    with gzip.open(DATA / "flights.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            event = event_of(row)
            yield str(event["tailnum"] or UNKNOWN_TAIL_NUMBER), json.dumps(event, separators=(",", ":")).encode()


def _names(file_name: str) -> dict[str, str]:
    with (DATA / file_name).open(newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return {code: name for code, name in rows}  # noqa: C416  # dict() would take rows of any width


def airline_names() -> dict[str, str]:
    return _names("airlines.csv")


def airport_names() -> dict[str, str]:
    """Four airports outside the states are in no list of the source, and so not in this one."""
    return _names("airports.csv")
