"""Sequence numbers in Amazon's layout, so that clients which take them apart keep working.

A decimal string of a 186-bit number with 47 hex digits (facts sheet 1.3):

    digit   1 │ 2..10                 │ 11            │ 12..27        │ 28..29 │ 30..38        │ 39..46      │ 47
    value   2 │ shard created, epoch s│ shard & 0xf   │ running index │ 00     │ record epoch s│ shard index │ 2
    bits    4 │ 36                    │ 4             │ 64            │ 8      │ 36            │ 32          │ 4

Sorting numerically is the order within a shard, and every number of a child exceeds all of its parents'.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from streamcore.errors import InvalidArgument

INDEX_SHIFT: Final = 80
INDEX_STEP: Final = 1 << INDEX_SHIFT
INDEX_MAX: Final = 0x7FFF_FFFF_FFFF_FFFF
_SECONDS_SHIFT: Final = 36
_SECONDS_MASK: Final = (1 << 36) - 1


class SequenceNumber(NamedTuple):
    """The fields of a sequence number."""

    shard_created_s: int
    shard_number: int
    running_index: int
    record_s: int

    @property
    def value(self) -> int:
        return sequence_base(self.shard_created_s, self.shard_number, self.record_s) + (
            self.running_index << INDEX_SHIFT
        )

    def __str__(self) -> str:
        return str(self.value)


def sequence_base(shard_created_s: int, shard_number: int, record_s: int) -> int:
    """The number with index 0; add `index << INDEX_SHIFT` for the index-th record of that second."""
    head = (2 << 40 | shard_created_s << 4 | shard_number & 0xF) << 144
    return head | record_s << _SECONDS_SHIFT | shard_number << 4 | 2


def parse_sequence(text: str) -> SequenceNumber:
    """Takes a sequence number apart. Raises InvalidArgument when it has not the layout above."""
    well_formed = text.isascii() and text.isdigit() and len(text) <= 129 and text[0] != "0"
    value = int(text) if well_formed else -1
    if value >> 184 != 2 or value & 0xF != 2 or value >> 72 & 0xFF:
        raise InvalidArgument(f"SequenceNumber {text[:129]} is not valid")
    number = value >> 4 & 0xFFFF_FFFF
    if value >> 144 & 0xF != number & 0xF or value >> INDEX_SHIFT & 0xFFFF_FFFF_FFFF_FFFF > INDEX_MAX:
        raise InvalidArgument(f"SequenceNumber {text[:129]} is not valid")
    return SequenceNumber(
        shard_created_s=value >> 148 & _SECONDS_MASK,
        shard_number=number,
        running_index=value >> INDEX_SHIFT & 0xFFFF_FFFF_FFFF_FFFF,
        record_s=value >> _SECONDS_SHIFT & _SECONDS_MASK,
    )
