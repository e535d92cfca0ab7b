"""Records as the broker hands them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from streamcore.model.sequence import INDEX_SHIFT
from streamcore.model.stream import ShardInfo


class Record(msgspec.Struct, frozen=True):
    """One record: `sequence_number` is Amazon's decimal string, `arrival_ms` the server's clock at its acceptance."""

    shard_id: str
    sequence_number: str
    partition_key: str
    data: bytes
    arrival_ms: int


class Chunk(NamedTuple):
    """Consecutive records of one shard that arrived in one request: columns, and what they share.

    This is the unit that travels through the broker: one arrival time and one run of indexes, so that what is constant
    is computed once. `keys` are the UTF-8 bytes of the partition keys; `encoded` is what a store has made ready of it.
    """

    first_index: int
    arrival_ms: int
    keys: list[bytes]
    datas: list[bytes]
    encoded: tuple[bytes, bytes] | None = None

    @property
    def next_index(self) -> int:
        return self.first_index + len(self.datas)

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.keys)) + sum(map(len, self.datas))

    def sequence(self, shard: ShardInfo, offset: int) -> str:
        """The sequence number of the record at `offset` in the chunk."""
        return str(shard.sequence_base(self.arrival_ms) + ((self.first_index + offset) << INDEX_SHIFT))

    def sequences(self, shard: ShardInfo) -> list[str]:
        """The sequence numbers of the chunk's records, in order."""
        base = shard.sequence_base(self.arrival_ms)
        return [str(base + (i << INDEX_SHIFT)) for i in range(self.first_index, self.next_index)]


class ReadResult(NamedTuple):
    """What a read found.

    `next_index` is where to go on, None at the end of a closed shard; `millis_behind` is 0 at the tip; `child_shards`
    is filled in the last answer of a closed shard only.
    """

    shard: ShardInfo
    chunks: list[Chunk]
    next_index: int | None
    millis_behind: int
    child_shards: tuple[ShardInfo, ...] = ()

    @property
    def record_count(self) -> int:
        return sum(len(chunk.datas) for chunk in self.chunks)

    def records(self) -> Iterator[Record]:
        """The same as one object per record, for people; hot paths walk the chunks."""
        for chunk in self.chunks:
            numbers = chunk.sequences(self.shard)
            for number, key, data in zip(numbers, chunk.keys, chunk.datas, strict=True):
                yield Record(self.shard.shard_id, number, key.decode(), data, chunk.arrival_ms)
