"""The tables of metrics, on the database's thread: a row per metric, minute and unit.

AWS keeps one-minute points for 15 days and coarser ones for longer; here the minutes are kept for 15 days, and no more
points than fit into a quarter of the database.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from runtime.model.metric import MetricKey, SampleSet, merged
from runtime.sqlite import Connection

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS metric (
        id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, namespace TEXT NOT NULL,
        name TEXT NOT NULL, dimensions TEXT NOT NULL, last_minute INTEGER NOT NULL,
        UNIQUE (account, region, namespace, name, dimensions)) STRICT""",
    """CREATE TABLE IF NOT EXISTS metric_point (
        metric_id INTEGER NOT NULL, minute INTEGER NOT NULL, unit TEXT NOT NULL, samples BLOB NOT NULL,
        PRIMARY KEY (metric_id, minute, unit)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS metric_point_by_minute ON metric_point (minute)",
)
#: 15 days of minutes.
KEPT_MINUTES: Final = 15 * 24 * 60
#: What a point takes with its indexes, about; measured with ten samples of different magnitudes.
POINT_BYTES: Final = 256
_STEP_POINTS: Final = 5000

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(SampleSet)


class Point(NamedTuple):
    """Samples of a metric in a minute (since the epoch)."""

    key: MetricKey
    minute: int
    unit: str
    samples: SampleSet


def create(connection: Connection) -> None:
    for statement in SCHEMA:
        connection.execute(statement)


def add_points(connection: Connection, points: Sequence[Point], now_minute: int, max_points: int) -> None:
    """Merges points into what is kept, and removes what is too old or too much, in a step."""
    ids: dict[MetricKey, int] = {}
    for key, minute, unit, samples in points:
        if key not in ids:
            ids[key] = _need_metric(connection, key, minute)
        row = connection.execute(
            "SELECT samples FROM metric_point WHERE metric_id = ? AND minute = ? AND unit = ?", (ids[key], minute, unit)
        ).fetchone()
        if row is not None:
            samples = merged([_DECODER.decode(row[0]), samples])
        connection.execute(
            "INSERT OR REPLACE INTO metric_point VALUES (?, ?, ?, ?)",
            (ids[key], minute, unit, _ENCODER.encode(samples)),
        )
    _remove(connection, "WHERE minute < ? LIMIT ?", (now_minute - KEPT_MINUTES, _STEP_POINTS))
    (count,) = connection.execute("SELECT COUNT(*) FROM metric_point").fetchone()
    if count > max_points:
        _remove(connection, "ORDER BY minute LIMIT ?", (count - max_points,))
    connection.execute("DELETE FROM metric WHERE last_minute < ?", (now_minute - KEPT_MINUTES,))


def read_points(connection: Connection, key: MetricKey, first: int, end: int, unit: str | None) -> list[Point]:
    """The points of the minutes [first, end), of one unit or of all."""
    rows = connection.execute(
        "SELECT minute, unit, samples FROM metric_point JOIN metric ON metric.id = metric_id "
        "WHERE account = ? AND region = ? AND namespace = ? AND name = ? AND dimensions = ? "
        "AND minute >= ? AND minute < ? AND (? IS NULL OR unit = ?) ORDER BY minute",
        (*key[:4], json.dumps(key.dimensions), first, end, unit, unit),
    )
    return [Point(key, minute, unit_, _DECODER.decode(samples)) for minute, unit_, samples in rows]


def metrics(connection: Connection, account: str, region: str, since_minute: int) -> list[MetricKey]:
    """The metrics of a scope that had a point since then, in a stable order."""
    rows = connection.execute(
        "SELECT namespace, name, dimensions FROM metric WHERE account = ? AND region = ? AND last_minute >= ? "
        "ORDER BY namespace, name, dimensions",
        (account, region, since_minute),
    )
    return [MetricKey(account, region, space, name, _dimensions(text)) for space, name, text in rows]


def _need_metric(connection: Connection, key: MetricKey, minute: int) -> int:
    row = connection.execute(
        "INSERT INTO metric (account, region, namespace, name, dimensions, last_minute) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET last_minute = MAX(last_minute, excluded.last_minute) RETURNING id",
        (*key[:4], json.dumps(key.dimensions), minute),
    ).fetchone()
    return int(row[0])


def _remove(connection: Connection, which: str, values: tuple[int, ...]) -> None:
    connection.execute(
        "DELETE FROM metric_point WHERE (metric_id, minute, unit) IN "
        f"(SELECT metric_id, minute, unit FROM metric_point {which})",
        values,
    )


def _dimensions(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in json.loads(text))
