"""The store in memory: the fake that passes the real store's contract suite, and the volume of `open_broker(None)`."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from streamcore.errors import BrokerClosed, StorageUnavailable
from streamcore.model.record import Chunk
from streamcore.store.base import Batch, Extent, Row, ShardKey, Table, Usage
from streamcore.store.moment import Moment


class _MemoryShard:
    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.next_index = 0
        self.last_arrival_ms = 0

    def extent(self) -> Extent:
        first = self.chunks[0] if self.chunks else None
        return Extent(
            first.first_index if first else self.next_index,
            self.next_index,
            first.arrival_ms if first else self.last_arrival_ms,
            self.last_arrival_ms,
        )


class MemoryStore:
    """Keeps what is committed until the process ends."""

    def __init__(self) -> None:
        self._shards: dict[ShardKey, _MemoryShard] = {}
        self._tables: dict[Table, dict[bytes, bytes]] = defaultdict(dict)
        self._closed = False

    def prepare(self, chunk: Chunk) -> Chunk:
        return chunk

    async def commit(self, batch: Batch) -> None:
        if self._closed:
            raise BrokerClosed
        for append in batch.appends:
            shard = self._shards.setdefault(append.shard, _MemoryShard())
            shard.chunks.extend(append.chunks)
            shard.next_index = append.chunks[-1].next_index
            shard.last_arrival_ms = append.chunks[-1].arrival_ms
        for row in batch.rows:
            self._write(row)

    def _write(self, row: Row) -> None:
        if row.value is None:
            self._tables[row.table].pop(row.key, None)
        else:
            self._tables[row.table][row.key] = row.value

    def held(self) -> AbstractAsyncContextManager[Callable[[], Awaitable[Moment]]]:
        raise StorageUnavailable(path="memory", reason="a broker in memory has nothing to copy")

    async def read(self, shard: ShardKey, index: int, max_records: int, max_bytes: int) -> list[Chunk]:
        held = self._shards.get(shard)
        out: list[Chunk] = []
        if held is None:
            return out
        taken = False
        start = bisect_left(held.chunks, index + 1, key=lambda chunk: chunk.next_index)
        for chunk in held.chunks[start:]:
            skip = max(index - chunk.first_index, 0)
            stop = skip
            while stop < len(chunk.datas) and max_records > 0:
                size = len(chunk.keys[stop]) + len(chunk.datas[stop])
                if taken and size > max_bytes:
                    max_records = 0
                    break
                max_records, max_bytes, taken, stop = max_records - 1, max_bytes - size, True, stop + 1
            if stop > skip:
                out.append(
                    Chunk(chunk.first_index + skip, chunk.arrival_ms, chunk.keys[skip:stop], chunk.datas[skip:stop])
                )
            if max_records <= 0:
                break
        return out

    async def seek(self, shard: ShardKey, arrival_ms: int) -> int:
        held = self._shards.get(shard)
        if held is None:
            return 0
        at = bisect_left(held.chunks, arrival_ms, key=lambda chunk: chunk.arrival_ms)
        return held.chunks[at].first_index if at < len(held.chunks) else held.next_index

    async def extents(self) -> dict[ShardKey, Extent]:
        return {key: shard.extent() for key, shard in self._shards.items()}

    async def trim(self, shard: ShardKey, horizon_ms: int, max_blocks: int) -> Extent:
        held = self._shards.get(shard)
        if held is None:
            return Extent(0, 0, 0, 0)
        count = 0
        while count < min(max_blocks, len(held.chunks)) and held.chunks[count].arrival_ms <= horizon_ms:
            count += 1
        del held.chunks[:count]
        return held.extent()

    async def drop(self, stream_id: int, max_blocks: int) -> bool:
        for key in [key for key in self._shards if key.stream_id == stream_id]:
            held = self._shards[key]
            del held.chunks[:max_blocks]
            if held.chunks:
                return False
            del self._shards[key]
        return True

    async def scan(self, table: Table, prefix: bytes = b"") -> list[tuple[bytes, bytes]]:
        return sorted((key, value) for key, value in self._tables[table].items() if key.startswith(prefix))

    def usage(self) -> Usage:
        return Usage(0, 0, 0)

    def unready_reason(self) -> str | None:
        return "closed" if self._closed else None

    async def close(self) -> None:
        self._closed = True

    def reopened(self) -> MemoryStore:
        """A new store over what was committed, as a restart would find it."""
        other = MemoryStore()
        other._shards, other._tables = self._shards, self._tables
        return other
