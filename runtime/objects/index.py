"""The index of objects in SQLite: functions of a connection, to be run as jobs of `runtime.sqlite.Database`.

SQLite and not the broker's documents: keys of objects have up to 1,024 bytes and LMDB's at most 511, listings seek and
skip in key order, and uploads of millions of objects do not grow the volume of the streams.

A job that raises has not written; a job may be called twice (the first time was rolled back).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from runtime.model.s3.errors import S3Error
from runtime.model.s3.values import NULL, Bucket, Meta, Segment, Version
from runtime.sqlite import Connection

SCHEMA_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE buckets (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, body BLOB NOT NULL);
CREATE TABLE objects (
    bucket INTEGER NOT NULL, key BLOB NOT NULL, sequence INTEGER NOT NULL, version TEXT NOT NULL,
    is_marker INTEGER NOT NULL, modified_ms INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    meta BLOB NOT NULL, segments BLOB NOT NULL,
    PRIMARY KEY (bucket, key, sequence DESC)
) WITHOUT ROWID;
CREATE TABLE small (name TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE uploads (
    bucket INTEGER NOT NULL, key BLOB NOT NULL, id TEXT NOT NULL, begun_ms INTEGER NOT NULL, meta BLOB NOT NULL,
    PRIMARY KEY (bucket, key, id)
) WITHOUT ROWID;
CREATE TABLE parts (upload TEXT NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (upload, number))
    WITHOUT ROWID;
CREATE TABLE placing (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE sequence (id INTEGER PRIMARY KEY, highest INTEGER NOT NULL);
CREATE TABLE garbage (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, request TEXT NOT NULL, body BLOB NOT NULL,
    made_ms INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL DEFAULT 0
);
"""

encode = msgspec.msgpack.encode
_META: Final = msgspec.msgpack.Decoder(Meta)
_SEGMENTS: Final = msgspec.msgpack.Decoder(tuple[Segment, ...])
_BUCKET: Final = msgspec.msgpack.Decoder(Bucket)
COLUMNS: Final = "key, sequence, version, is_marker, modified_ms, size, etag, meta, segments"


class Note(NamedTuple):
    """A notification to be kept with what it is about; `target` is an ARN, or `events` for EventBridge."""

    target: str
    request_id: str
    body: bytes


def create(connection: Connection) -> None:
    """Makes the tables, once. Raises ValueError for an index of a newer program."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found == 0:
        for statement in _SCHEMA.split(";"):
            if statement.strip():
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    elif found != SCHEMA_VERSION:
        raise ValueError(f"the index of objects has version {found}, this program knows {SCHEMA_VERSION}")


def read_meta(raw: bytes) -> Meta:
    return _META.decode(raw)


def read_version(row: Any, *, is_latest: bool = True) -> Version:
    key, sequence, version, is_marker, modified_ms, size, etag, meta, segments = row
    return Version(
        key.decode(), sequence, version, bool(is_marker), modified_ms, size, etag, _META.decode(meta),
        _SEGMENTS.decode(segments), is_latest,
    )  # fmt: skip


# ---------------------------------------------------------------- buckets


def all_buckets(connection: Connection) -> list[Bucket]:
    return [_BUCKET.decode(body) for (body,) in connection.execute("SELECT body FROM buckets")]


def bucket_named(connection: Connection, name: str) -> Bucket | None:
    row = connection.execute("SELECT body FROM buckets WHERE name = ?", (name,)).fetchone()
    return None if row is None else _BUCKET.decode(row[0])


def add_bucket(connection: Connection, bucket: Bucket) -> Bucket:
    """With its number. The name is free."""
    cursor = connection.execute("INSERT INTO buckets (name, body) VALUES (?, ?)", (bucket.name, b""))
    made = msgspec.structs.replace(bucket, number=int(cursor.lastrowid or 0))
    save_bucket(connection, made)
    return made


def save_bucket(connection: Connection, bucket: Bucket) -> None:
    connection.execute("UPDATE buckets SET body = ? WHERE number = ?", (encode(bucket), bucket.number))


def drop_bucket(connection: Connection, number: int) -> list[str]:
    """The files that nobody needs any more. Raises S3Error: BucketNotEmpty."""
    if connection.execute("SELECT 1 FROM objects WHERE bucket = ? LIMIT 1", (number,)).fetchone():
        raise S3Error("BucketNotEmpty")
    dropped: list[str] = []
    for (upload,) in connection.execute("SELECT id FROM uploads WHERE bucket = ?", (number,)).fetchall():
        dropped += drop_parts(connection, upload)
    connection.execute("DELETE FROM uploads WHERE bucket = ?", (number,))
    connection.execute("DELETE FROM buckets WHERE number = ?", (number,))
    return dropped


def check_bucket(connection: Connection, bucket: Bucket) -> None:
    """Raises S3Error: NoSuchBucket, when it was deleted a moment ago."""
    if not connection.execute("SELECT 1 FROM buckets WHERE number = ?", (bucket.number,)).fetchone():
        raise S3Error("NoSuchBucket", BucketName=bucket.name)


# ---------------------------------------------------------------- versions


def latest(connection: Connection, bucket: int, key: str) -> Version | None:
    """The newest version, perhaps a delete marker."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM objects WHERE bucket = ? AND key = ? ORDER BY sequence DESC LIMIT 1",
        (bucket, key.encode()),
    ).fetchone()
    return None if row is None else read_version(row)


def version(connection: Connection, bucket: int, key: str, version_id: str) -> Version | None:
    newest = latest(connection, bucket, key)
    if newest is None or newest.version_id == version_id:
        return newest
    row = connection.execute(
        f"SELECT {COLUMNS} FROM objects WHERE bucket = ? AND key = ? AND version = ?",
        (bucket, key.encode(), version_id),
    ).fetchone()
    return None if row is None else read_version(row, is_latest=False)


def inline_data(connection: Connection, segments: Iterable[Segment]) -> dict[str, bytes]:
    """The contents of those segments that are in the index."""
    found = {}
    for segment in segments:
        if segment.is_inline:
            row = connection.execute("SELECT data FROM small WHERE name = ?", (segment.name,)).fetchone()
            found[segment.name] = b"" if row is None else bytes(row[0])
    return found


def insert(connection: Connection, bucket: int, made: Version, inline: dict[str, bytes]) -> list[str]:
    """Puts a version on top; a null version takes the place of the one that is there. The files that nobody needs any
    more."""
    dropped: list[str] = []
    if made.version_id == NULL:
        present = version(connection, bucket, made.key, NULL)
        if present is not None:
            dropped = remove(connection, bucket, present)
    connection.execute(
        "INSERT INTO objects (bucket, key, sequence, version, is_marker, modified_ms, size, etag, meta, segments) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            bucket, made.key.encode(), made.sequence, made.version_id, made.is_marker, made.modified_ms, made.size,
            made.etag, encode(made.meta), encode(made.segments),
        ),
    )  # fmt: skip
    if inline:
        connection.executemany("INSERT INTO small (name, data) VALUES (?, ?)", list(inline.items()))
    return dropped


def remove(connection: Connection, bucket: int, gone: Version) -> list[str]:
    """Takes a version away. The files that nobody needs any more."""
    connection.execute(
        "DELETE FROM objects WHERE bucket = ? AND key = ? AND sequence = ?", (bucket, gone.key.encode(), gone.sequence)
    )
    return drop_segments(connection, gone.segments)


def change_meta(connection: Connection, bucket: int, found: Version, meta: Meta) -> None:
    connection.execute(
        "UPDATE objects SET meta = ? WHERE bucket = ? AND key = ? AND sequence = ?",
        (encode(meta), bucket, found.key.encode(), found.sequence),
    )


def drop_segments(connection: Connection, segments: Iterable[Segment]) -> list[str]:
    """Contents that nobody refers to any more; files are written down to be removed, also after a crash."""
    files = []
    for segment in segments:
        if segment.is_inline:
            connection.execute("DELETE FROM small WHERE name = ?", (segment.name,))
        else:
            files.append(segment.name)
    connection.executemany("INSERT OR IGNORE INTO garbage (name) VALUES (?)", [(name,) for name in files])
    return files


def drop_parts(connection: Connection, upload: str) -> list[str]:
    """All parts of an upload, with their contents."""
    files: list[str] = []
    for (body,) in connection.execute("SELECT body FROM parts WHERE upload = ?", (upload,)).fetchall():
        files += drop_segments(connection, [_part_segment(body)])
    connection.execute("DELETE FROM parts WHERE upload = ?", (upload,))
    return files


def _part_segment(body: bytes) -> Segment:
    return msgspec.msgpack.decode(body, type=_PartSegment).segment


class _PartSegment(msgspec.Struct):
    segment: Segment


def reserved(connection: Connection) -> int:
    """No sequence number that was ever given is above this."""
    row = connection.execute("SELECT highest FROM sequence").fetchone()
    return 0 if row is None else int(row[0])


def reserve(connection: Connection, highest: int) -> None:
    connection.execute("INSERT OR REPLACE INTO sequence (id, highest) VALUES (0, ?)", (highest,))


def files(connection: Connection) -> Iterator[str]:
    """The names of all files that something refers to."""
    for (segments,) in connection.execute("SELECT segments FROM objects"):
        yield from (segment.name for segment in _SEGMENTS.decode(segments) if not segment.is_inline)
    for (body,) in connection.execute("SELECT body FROM parts"):
        segment = _part_segment(body)
        if not segment.is_inline:
            yield segment.name


# ---------------------------------------------------------------- what is left to do


def garbage(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM garbage")]


def forget_garbage(connection: Connection, names: Iterable[str]) -> None:
    connection.executemany("DELETE FROM garbage WHERE name = ?", [(name,) for name in names])


def to_be_placed(connection: Connection, segments: Iterable[Segment]) -> None:
    """Files that something refers to from now on, and that are still in `incoming/`."""
    names = [(segment.name,) for segment in segments if not segment.is_inline]
    connection.executemany("INSERT OR IGNORE INTO placing (name) VALUES (?)", names)


def placing(connection: Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM placing")}


def placed(connection: Connection, names: Iterable[str]) -> None:
    connection.executemany("DELETE FROM placing WHERE name = ?", [(name,) for name in names])


def keep_notes(connection: Connection, notes: Iterable[Note], now_ms: int) -> None:
    connection.executemany(
        "INSERT INTO outbox (target, request, body, made_ms) VALUES (?, ?, ?, ?)",
        [(note.target, note.request_id, note.body, now_ms) for note in notes],
    )
