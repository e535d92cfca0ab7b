"""Listings in key order: pages of current objects, of all versions, and of uploads, with prefix and delimiter.

A page is found by seeking: what shares a common prefix is skipped by one seek to the first key behind it, however much
it is, and so are older versions of a key where only the newest counts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any, Final, TypeVar

import msgspec

from runtime.model.s3.names import after
from runtime.model.s3.values import Entry, Upload, Version
from runtime.objects.index import COLUMNS, read_meta, read_version
from runtime.sqlite import Connection

T = TypeVar("T")
#: (key as bytes, its identity among those of the same key, item)
Seek = Callable[[bytes], Iterator[tuple[bytes, T]]]
#: Rows of one key that are stepped over before a seek goes past them.
_STEPS: Final = 16


class Query(msgspec.Struct, frozen=True):
    """`start_after` is exclusive. Behind a common prefix all of it is skipped."""

    prefix: str = ""
    delimiter: str = ""
    start_after: str = ""
    most: int = 1000


class Page(msgspec.Struct):
    """Items and common prefixes, each in key order; `last` is where the next page begins after (a key or a common
    prefix) when it is truncated."""

    items: list[Any]
    prefixes: list[str]
    is_truncated: bool = False
    last: str = ""
    last_mark: str = ""


def fold(query: Query, seek: Seek[T], start: bytes, mark_of: Callable[[T], str]) -> Page:
    """Gathers a page. `seek(key)` gives what is at or after a key, in order; `start` is where to begin."""
    prefix, delimiter = query.prefix.encode(), query.delimiter.encode()
    page = Page([], [])
    at: bytes | None = max(start, prefix)
    while at is not None:
        at = _run(page, query.most, seek(at), prefix, delimiter, mark_of)
    return page


def _run(
    page: Page, most: int, rows: Iterator[tuple[bytes, T]], prefix: bytes, delimiter: bytes, mark_of: Callable[[T], str]
) -> bytes | None:
    """Takes rows until the page is full or a common prefix is to be skipped: then the key to go on at."""
    for key, item in rows:
        if not key.startswith(prefix):
            return None
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        if len(page.items) + len(page.prefixes) >= most:
            page.is_truncated = True
            return None
        if cut >= 0:
            common = key[: cut + len(delimiter)]
            page.last, page.last_mark = common.decode(errors="replace"), ""
            page.prefixes.append(page.last)
            return after(common)
        page.items.append(item)
        page.last, page.last_mark = key.decode(), mark_of(item)
    return None


def start_of(query: Query) -> bytes:
    """Where a page after `start_after` begins: behind it, and behind all of it when it is a common prefix."""
    marker = query.start_after.encode()
    if not marker:
        return b""
    delimiter = query.delimiter
    if delimiter and query.start_after.startswith(query.prefix):
        cut = query.start_after.find(delimiter, len(query.prefix))
        if cut >= 0 and cut + len(delimiter) == len(query.start_after):
            return after(marker) or b"\xff" * 1025
    return marker + b"\0"


def current(connection: Connection, bucket: int, query: Query) -> Page:
    """Newest versions that are no delete markers."""

    def seek(at: bytes) -> Iterator[tuple[bytes, Entry]]:
        position: bytes | None = at
        while position is not None:
            position = yield from _newest(connection, bucket, position)

    return fold(query, seek, start_of(query), lambda entry: "")


def _newest(connection: Connection, bucket: int, at: bytes) -> Generator[tuple[bytes, Entry], None, bytes | None]:
    """Newest versions from a key on; gives up, with the key to go on at, when one key has many."""
    seen, steps = None, 0
    for row in connection.execute(
        f"SELECT {COLUMNS} FROM objects WHERE bucket = ? AND key >= ? ORDER BY key, sequence DESC", (bucket, at)
    ):
        key = row[0]
        if key == seen:
            steps += 1
            if steps > _STEPS:
                return bytes(key) + b"\0"
            continue
        seen, steps = key, 0
        if not row[3]:
            yield key, entry_of(row, is_latest=True)
    return None


def entry_of(row: Any, *, is_latest: bool) -> Entry:
    key, sequence, version_id, is_marker, modified_ms, size, etag, meta, _ = row
    known = read_meta(meta)
    return Entry(
        key.decode(), version_id, sequence, is_latest, bool(is_marker), modified_ms, size, etag,
        known.storage_class or "STANDARD", known.checksum_algorithm, known.checksum_type, known.owner,
    )  # fmt: skip


def versions(connection: Connection, bucket: int, query: Query, version_marker: str) -> Page:
    """All versions, the newest of a key first; after `start_after`'s version `version_marker` when there is one."""
    marker_key = query.start_after.encode()
    floor = None
    if version_marker:
        row = connection.execute(
            "SELECT sequence FROM objects WHERE bucket = ? AND key = ? AND version = ?",
            (bucket, marker_key, version_marker),
        ).fetchone()
        floor = -1 if row is None else row[0]

    def seek(at: bytes) -> Iterator[tuple[bytes, Entry]]:
        seen = None
        for row in connection.execute(
            f"SELECT {COLUMNS} FROM objects WHERE bucket = ? AND key >= ? ORDER BY key, sequence DESC", (bucket, at)
        ):
            is_latest, seen = row[0] != seen, row[0]
            if floor is None or row[0] != marker_key or row[1] < floor:
                yield row[0], entry_of(row, is_latest=is_latest)

    start = marker_key if version_marker else start_of(query)
    return fold(query, seek, start, lambda entry: entry.version_id)


def uploads(connection: Connection, bucket: int, query: Query, upload_marker: str) -> Page:
    """Uploads in progress by key and id."""
    marker_key = query.start_after.encode()

    def seek(at: bytes) -> Iterator[tuple[bytes, Upload]]:
        for key, upload_id, begun_ms, meta in connection.execute(
            "SELECT key, id, begun_ms, meta FROM uploads WHERE bucket = ? AND key >= ? ORDER BY key, id", (bucket, at)
        ):
            if not upload_marker or key != marker_key or upload_id > upload_marker:
                yield key, Upload(upload_id, key.decode(), begun_ms, read_meta(meta))

    start = marker_key if upload_marker else start_of(query)
    return fold(query, seek, start, lambda upload: upload.upload_id)


def rows_after(connection: Connection, bucket: int, key: bytes, most: int) -> list[Version]:
    """All versions behind a place in the order of the index, for those who look through a bucket step by step. Whole
    keys only: `is_latest` is right, and the versions of the last key are all there."""
    found: list[Version] = []
    seen: bytes | None = None
    for row in connection.execute(
        f"SELECT {COLUMNS} FROM objects WHERE bucket = ? AND key > ? ORDER BY key, sequence DESC", (bucket, key)
    ):
        if len(found) >= most and row[0] != seen:
            break
        found.append(read_version(row, is_latest=row[0] != seen))
        seen = row[0]
    return found
