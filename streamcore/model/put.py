"""What a put of many records did, compactly: one run per shard, and the entries that were refused.

This is also what is kept of a producer's batch, so its layout is part of the format (FORMAT.md).
"""

from __future__ import annotations

from typing import Final

import msgspec

from streamcore.model.sequence import INDEX_SHIFT, sequence_base
from streamcore.model.stream import shard_id


class PutRun(msgspec.Struct, frozen=True, array_like=True):
    """The entries that went to one shard. The i-th of `positions` has index `first_index + i`."""

    shard_number: int
    shard_created_s: int
    first_index: int
    arrival_ms: int
    positions: list[int]

    @property
    def shard_id(self) -> str:
        return shard_id(self.shard_number)

    @property
    def first_sequence(self) -> int:
        base = sequence_base(self.shard_created_s, self.shard_number, self.arrival_ms // 1000)
        return base + (self.first_index << INDEX_SHIFT)

    def sequences(self) -> list[str]:
        """The sequence numbers of `positions`, in their order."""
        first = self.first_sequence
        return [str(first + (i << INDEX_SHIFT)) for i in range(len(self.positions))]


class PutRefusal(msgspec.Struct, frozen=True, array_like=True):
    """Entries that the limits of one shard refused."""

    shard_number: int
    positions: list[int]


class PutResult(msgspec.Struct, frozen=True, array_like=True):
    """The answer to a put: `count` entries, each in exactly one run or refusal."""

    count: int
    runs: list[PutRun]
    refused: list[PutRefusal] = []

    @property
    def failed_count(self) -> int:
        return sum(len(refusal.positions) for refusal in self.refused)


ENCODER: Final = msgspec.msgpack.Encoder()
DECODER: Final = msgspec.msgpack.Decoder(PutResult)
