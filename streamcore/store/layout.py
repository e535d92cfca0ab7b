"""The bytes on disk; FORMAT.md has the drawings. Everything here is little-endian but for keys, which sort.

A block is one LMDB value: all records that one commit brought to one shard. It is a row of chunks, one per
request; small ones of the same millisecond are joined.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple
from zlib import crc32

from streamcore.model.record import Chunk
from streamcore.store.base import Extent, ShardKey

FORMAT_VERSION: Final = 1
#: A block is closed at this size, so that a read of little copies little and freed space is found again.
BLOCK_MAX_BYTES: Final = 1024 * 1024
#: Chunks of one millisecond are joined up to this size.
CHUNK_JOIN_MAX_BYTES: Final = 16 * 1024

_KEY: Final = struct.Struct(">IIQ")
_EXTENT: Final = struct.Struct("<QQQQ")
BLOCK_HEADER: Final = struct.Struct("<BBHIQ")
CHUNK_HEADER: Final = struct.Struct("<BBHIQI")
_CRC: Final = struct.Struct("<I")
_CHUNK_HEAD_BYTES: Final = CHUNK_HEADER.size + _CRC.size

_WIDE_KEYS: Final = 1
_WIDE_DATA: Final = 2


class ChecksumError(Exception):
    """The bytes are not those that were written."""


class BlockHead(NamedTuple):
    record_count: int
    last_arrival_ms: int


def block_key(shard: ShardKey, first_index: int) -> bytes:
    return _KEY.pack(shard.stream_id, shard.shard_number, first_index)


def split_block_key(key: bytes | memoryview) -> tuple[ShardKey, int]:
    stream_id, shard_number, first_index = _KEY.unpack(key)
    return ShardKey(stream_id, shard_number), first_index


def shard_prefix(shard: ShardKey) -> bytes:
    return _KEY.pack(shard.stream_id, shard.shard_number, 0)[:8]


def pack_extent(extent: Extent) -> bytes:
    return _EXTENT.pack(*extent)


def unpack_extent(value: bytes | memoryview) -> Extent:
    return Extent(*_EXTENT.unpack(value))


def _column(typecode: str, lengths: Iterable[int]) -> bytes:
    column = array(typecode, lengths)
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def _read_column(typecode: str, raw: bytes | memoryview) -> array[int]:
    column = array(typecode)
    column.frombytes(raw)
    if sys.byteorder == "big":
        column.byteswap()
    return column


def _check_of(head: bytes | memoryview) -> int:
    """The 16 bits that guard a header: over all of it but the two bytes in which they stand. Headers are walked without
    reading the bodies between them, so the body's CRC does not guard them."""
    return crc32(head[4:], crc32(head[:2])) & 0xFFFF


def _seal(head: bytes) -> bytes:
    return b"".join((head[:2], _check_of(head).to_bytes(2, "little"), head[4:]))


def _open_header(header: struct.Struct, value: bytes | memoryview, at: int) -> tuple[int, ...]:
    head = value[at : at + header.size]
    if len(head) < header.size:
        raise ChecksumError
    fields = header.unpack(head)
    if fields[2] != _check_of(head):
        raise ChecksumError
    return fields


def encode_chunk(chunk: Chunk) -> tuple[bytes, bytes]:
    """The chunk's bytes in two pieces, for one join per block."""
    key_lengths = list(map(len, chunk.keys))
    data_lengths = list(map(len, chunk.datas))
    flags = (_WIDE_KEYS if max(key_lengths) > 0xFF else 0) | (_WIDE_DATA if max(data_lengths) > 0xFFFF else 0)
    body = b"".join(
        (
            _column("H" if flags & _WIDE_KEYS else "B", key_lengths),
            _column("I" if flags & _WIDE_DATA else "H", data_lengths),
            *chunk.keys,
            *chunk.datas,
        )
    )
    head = _seal(CHUNK_HEADER.pack(flags, 0, 0, len(chunk.datas), chunk.arrival_ms, len(body)))
    return head + _CRC.pack(crc32(body, crc32(head))), body


def encode_blocks(chunks: Sequence[Chunk]) -> list[tuple[int, bytes]]:
    """(first index, value) of the blocks that hold these chunks, in order."""
    blocks: list[tuple[int, bytes]] = []
    pieces: list[bytes] = []
    group: list[Chunk] = []
    size = 0
    for chunk in _joined(chunks):
        if group and (size >= BLOCK_MAX_BYTES or chunk.first_index != group[-1].next_index):
            blocks.append(_close_block(group, pieces))
            pieces, group, size = [], [], 0
        encoded = chunk.encoded or encode_chunk(chunk)
        pieces += encoded
        group.append(chunk)
        size += len(encoded[1])
    if group:
        blocks.append(_close_block(group, pieces))
    return blocks


def _joined(chunks: Sequence[Chunk]) -> Iterator[Chunk]:
    """The same records in fewer chunks: small ones of one millisecond that follow each other become one. Many small
    puts then cost as little, here and for every reader, as one put of many."""
    held: Chunk | None = None
    room = 0
    for chunk in chunks:
        size = CHUNK_JOIN_MAX_BYTES if chunk.encoded else sum(map(len, chunk.datas))
        if (
            held is not None
            and size <= room
            and chunk.arrival_ms == held.arrival_ms
            and chunk.first_index == held.next_index
        ):
            held = Chunk(held.first_index, held.arrival_ms, held.keys + chunk.keys, held.datas + chunk.datas)
            room -= size
            continue
        if held is not None:
            yield held
        held, room = chunk, CHUNK_JOIN_MAX_BYTES - size
    if held is not None:
        yield held


def _close_block(group: list[Chunk], pieces: list[bytes]) -> tuple[int, bytes]:
    count = group[-1].next_index - group[0].first_index
    head = _seal(BLOCK_HEADER.pack(FORMAT_VERSION, 0, 0, count, group[-1].arrival_ms))
    return group[0].first_index, b"".join((head, *pieces))


def read_block_head(value: bytes | memoryview) -> BlockHead:
    """Raises ChecksumError."""
    _version, _flags, _check, record_count, last_arrival_ms = _open_header(BLOCK_HEADER, value, 0)
    return BlockHead(record_count, last_arrival_ms)


def first_arrival_ms(value: bytes | memoryview) -> int:
    """Raises ChecksumError."""
    return _open_header(CHUNK_HEADER, value, BLOCK_HEADER.size)[4]


def seek_in_block(value: bytes | memoryview, first_index: int, arrival_ms: int) -> int:
    """The first index in the block that arrived at or after `arrival_ms`; the index after it when there is none.

    Raises ChecksumError.
    """
    at, index = BLOCK_HEADER.size, first_index
    while at < len(value):
        _flags, _, _check, count, arrived, body_bytes = _open_header(CHUNK_HEADER, value, at)
        if arrived >= arrival_ms:
            break
        index += count
        at += _CHUNK_HEAD_BYTES + body_bytes
    return index


class Appetite:
    """How much a read may still take."""

    __slots__ = ("bytes", "records", "taken")

    def __init__(self, max_records: int, max_bytes: int) -> None:
        self.records = max_records
        self.bytes = max_bytes
        self.taken = False

    @property
    def is_full(self) -> bool:
        return self.records <= 0 or (self.taken and self.bytes <= 0)


def decode_block(value: memoryview, first_index: int, index: int, appetite: Appetite) -> list[Chunk]:
    """The block's records from `index` on, as far as the appetite goes. Raises ChecksumError."""
    chunks: list[Chunk] = []
    at, chunk_first = BLOCK_HEADER.size, first_index
    while at < len(value) and not appetite.is_full:
        flags, _, _check, count, arrival_ms, body_bytes = _open_header(CHUNK_HEADER, value, at)
        body_at = at + _CHUNK_HEAD_BYTES
        if chunk_first + count > index:
            body = bytes(value[body_at : body_at + body_bytes])
            stored = int.from_bytes(value[body_at - _CRC.size : body_at], "little")
            if len(body) != body_bytes or stored != crc32(body, crc32(value[at : at + CHUNK_HEADER.size])):
                raise ChecksumError
            chunk = _decode_chunk(body, flags, count, arrival_ms, chunk_first, max(index - chunk_first, 0), appetite)
            if chunk is None:
                break
            chunks.append(chunk)
        chunk_first += count
        at = body_at + body_bytes
    return chunks


def _decode_chunk(
    body: bytes, flags: int, count: int, arrival_ms: int, chunk_first: int, skip: int, appetite: Appetite
) -> Chunk | None:
    key_width, data_width = (2 if flags & _WIDE_KEYS else 1), (4 if flags & _WIDE_DATA else 2)
    lengths_end = count * (key_width + data_width)
    key_lengths = _read_column("H" if key_width == 2 else "B", body[: count * key_width])
    data_lengths = _read_column("I" if data_width == 4 else "H", body[count * key_width : lengths_end])
    data_start = lengths_end + sum(key_lengths)
    stop = _stop_of(key_lengths, data_lengths, skip, min(count, skip + appetite.records), appetite)
    if stop == skip:
        return None
    keys = _slices(body, lengths_end + sum(key_lengths[:skip]), key_lengths[skip:stop])
    datas = _slices(body, data_start + sum(data_lengths[:skip]), data_lengths[skip:stop])
    return Chunk(chunk_first + skip, arrival_ms, keys, datas)


def _stop_of(keys: array[int], datas: array[int], skip: int, stop: int, appetite: Appetite) -> int:
    """How far the appetite's bytes reach, charged to it; the first record of a read is always taken."""
    total = sum(keys[skip:stop]) + sum(datas[skip:stop])
    if total > appetite.bytes:
        room, total = appetite.bytes, 0
        for i in range(skip, stop):
            size = keys[i] + datas[i]
            if total + size > room and (appetite.taken or i > skip):
                stop = i
                appetite.records = 0
                break
            total += size
    appetite.records -= stop - skip
    appetite.bytes -= total
    appetite.taken = appetite.taken or stop > skip
    return stop


def _slices(body: bytes, start: int, lengths: array[int]) -> list[bytes]:
    ends = list(accumulate(lengths, initial=start))
    return [body[a:b] for a, b in pairwise(ends)]
