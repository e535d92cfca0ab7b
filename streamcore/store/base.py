"""What the engine needs of a store. Two things fulfil it: `lmdb.py` (the real one) and `memory.py` (the verified fake);
tests/contract runs one suite over both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec

from streamcore.model.record import Chunk
from streamcore.store.moment import Moment


class ShardKey(NamedTuple):
    stream_id: int
    shard_number: int


class Extent(NamedTuple):
    """What a shard holds: indexes [first_index, next_index), arrival times of its first and last block.

    `next_index` and `last_arrival_ms` outlive trimming: an index is never given twice, arrivals never go back.
    """

    first_index: int
    next_index: int
    first_arrival_ms: int
    last_arrival_ms: int

    @property
    def is_empty(self) -> bool:
        return self.first_index >= self.next_index


class Table(StrEnum):
    """Small rows, kept beside the records in the same transactions."""

    META = "meta"
    CATALOG = "catalog"
    CHECKPOINTS = "checkpoints"
    PRODUCERS = "producers"
    DOCUMENTS = "documents"


class Append(NamedTuple):
    """The chunks of one shard in a commit, in index order."""

    shard: ShardKey
    chunks: list[Chunk]


class Row(NamedTuple):
    """A row to write; `value` None deletes it."""

    table: Table
    key: bytes
    value: bytes | None


class Batch(msgspec.Struct):
    """One atomic commit."""

    appends: list[Append] = []
    rows: list[Row] = []


class Usage(NamedTuple):
    """Bytes of the volume's file, of its map, and pages that trimming freed for reuse."""

    file_bytes: int
    map_bytes: int
    free_bytes: int


class Store(Protocol):
    """Durable records and rows. One process owns a store; all calls come from one event loop."""

    def prepare(self, chunk: Chunk) -> Chunk:
        """Does ahead, on the caller's thread, what `commit` would do with the chunk alone. May do nothing."""

    async def commit(self, batch: Batch) -> None:
        """All of the batch or nothing; returns once it is as durable as the setting says.

        Raises StorageFull (nothing stored, try again when there is space) and StorageFailed (writing stopped for good).
        """

    async def read(self, shard: ShardKey, index: int, max_records: int, max_bytes: int) -> list[Chunk]:
        """Committed records from `index` on, within both bounds, but at least one when there is one.

        Raises StorageCorrupt.
        """

    async def seek(self, shard: ShardKey, arrival_ms: int) -> int:
        """The first index that arrived at or after `arrival_ms`; the next index when there is none."""

    async def extents(self) -> dict[ShardKey, Extent]:
        """Every shard that ever held a record and was not dropped."""

    async def trim(self, shard: ShardKey, horizon_ms: int, max_blocks: int) -> Extent:
        """Removes up to `max_blocks` blocks whose records all arrived at or before the horizon; what is left."""

    async def drop(self, stream_id: int, max_blocks: int) -> bool:
        """Removes all of a deleted stream, `max_blocks` blocks a call; True when nothing is left."""

    async def scan(self, table: Table, prefix: bytes = b"") -> list[tuple[bytes, bytes]]:
        """The rows whose key starts with `prefix`, in key order."""

    def usage(self) -> Usage: ...

    def held(self) -> AbstractAsyncContextManager[Callable[[], Awaitable[Moment]]]:
        """Commits wait while it is entered; what it gives is called inside, and makes the moment that can be copied
        afterwards. Raises StorageUnavailable when there is nothing on disk."""

    def unready_reason(self) -> str | None:
        """Why nothing can be written any more, or None."""

    async def close(self) -> None: ...
