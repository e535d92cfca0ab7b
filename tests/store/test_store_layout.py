"""The bytes on disk: golden values, what damage does to them, and FORMAT.md against the code."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamcore
from streamcore.model import limits
from streamcore.model.put import DECODER, ENCODER, PutRefusal, PutResult, PutRun
from streamcore.model.record import Chunk
from streamcore.store import layout
from streamcore.store.base import Extent, ShardKey

SHARD = ShardKey(0x01020304, 0x0A0B0C0D)
ALL = 10**9


def rows_of(chunk: Chunk) -> list[tuple[int, int, bytes, bytes]]:
    return [
        (chunk.first_index + i, chunk.arrival_ms, key, data)
        for i, (key, data) in enumerate(zip(chunk.keys, chunk.datas, strict=True))
    ]


def decode(value: bytes, first_index: int, index: int = 0, max_records: int = ALL, max_bytes: int = ALL) -> list[Chunk]:
    return layout.decode_block(memoryview(value), first_index, index, layout.Appetite(max_records, max_bytes))


def one_block(*chunks: Chunk) -> bytes:
    ((first_index, value),) = layout.encode_blocks(chunks)
    assert first_index == chunks[0].first_index
    return value


# ---------------------------------------------------------------- golden bytes


def test_key_of_a_block() -> None:
    key = layout.block_key(SHARD, 0x1112131415161718)
    assert key.hex() == "010203040a0b0c0d1112131415161718"
    assert layout.split_block_key(key) == (SHARD, 0x1112131415161718)
    assert layout.shard_prefix(SHARD).hex() == "010203040a0b0c0d"


def test_extent() -> None:
    extent = Extent(1, 2, 3, 0x0102030405060708)
    value = layout.pack_extent(extent)
    assert value.hex() == "0100000000000000020000000000000003000000000000000807060504030201"
    assert layout.unpack_extent(value) == extent


def test_block_of_two_requests() -> None:
    value = one_block(
        Chunk(5, 0x0102030405, [b"k1", b"key"], [b"abc", b""]), Chunk(7, 0x0102030406, [b"x" * 256], [b"yz"])
    )
    assert value.hex() == GOLDEN_BLOCK


GOLDEN_BLOCK = (
    "01007e21030000000604030201000000"  # version, check, 3 records, arrival of the last
    "0000940a0200000005040302010000000e000000"  # no flags, check, 2 records, arrival, 14 bytes of body
    "5b50fd1f"  # CRC
    "0203"  # lengths of keys
    "03000000"  # lengths of data
    "6b316b6579"  # keys
    "616263"  # data
    "0100af9801000000060403020100000006010000"  # wide keys, check, 1 record, arrival, 262 bytes of body
    "d73889b3"  # CRC
    "0001"  # length of the key, two bytes
    "0200" + "78" * 256 + "797a"  # length of the data
)


def test_wide_columns() -> None:
    for key_bytes, data_bytes, flags in ((255, 65535, 0), (256, 1, 1), (1, 65536, 2), (1024, 65536, 3)):
        chunk = Chunk(1, 1, [b"k" * key_bytes], [b"d" * data_bytes])
        value = one_block(chunk)
        assert value[layout.BLOCK_HEADER.size] == flags
        assert decode(value, 1) == [chunk]


def test_answer_of_a_producers_batch() -> None:
    result = PutResult(3, [PutRun(1, 2, 3, 4, [0, 2])], [PutRefusal(5, [1])])
    raw = ENCODER.encode(result)
    assert raw.hex() == "93039195010203049200029192059101"
    assert DECODER.decode(raw) == result


# ---------------------------------------------------------------- round trip

chunk_contents = st.lists(
    st.tuples(st.binary(min_size=1, max_size=300), st.binary(max_size=400)), min_size=1, max_size=12
)


@st.composite
def chunk_rows(draw: st.DrawFn) -> list[Chunk]:
    """Chunks of one shard as a commit has them: ascending, with gaps, arrivals that never go back."""
    chunks, index, arrival = [], draw(st.integers(0, 2**40)), draw(st.integers(0, 2**41))
    for content in draw(st.lists(chunk_contents, min_size=1, max_size=6)):
        index += draw(st.sampled_from([0, 0, 0, 1, 50]))
        arrival += draw(st.sampled_from([0, 0, 1, 1000]))
        chunks.append(Chunk(index, arrival, [key for key, _ in content], [data for _, data in content]))
        index = chunks[-1].next_index
    return chunks


@given(chunk_rows())
@settings(max_examples=60)
def test_what_is_written_is_read(chunks: list[Chunk]) -> None:
    read = []
    for first_index, value in layout.encode_blocks(chunks):
        block = decode(value, first_index)
        head = layout.read_block_head(value)
        assert head.record_count == sum(len(chunk.datas) for chunk in block)
        assert head.last_arrival_ms == block[-1].arrival_ms
        assert layout.first_arrival_ms(value) == block[0].arrival_ms
        read += block
    assert [row for chunk in read for row in rows_of(chunk)] == [row for chunk in chunks for row in rows_of(chunk)]


def test_small_chunks_of_one_millisecond_become_one() -> None:
    chunks = [Chunk(i, 5, [b"k"], [b"%d" % i]) for i in range(1, 4)] + [Chunk(4, 6, [b"k"], [b"4"])]
    ((first_index, value),) = layout.encode_blocks(chunks)
    assert decode(value, first_index) == [Chunk(1, 5, [b"k"] * 3, [b"1", b"2", b"3"]), chunks[3]]


def test_chunks_are_joined_up_to_a_size() -> None:
    half = layout.CHUNK_JOIN_MAX_BYTES // 2
    chunks = [Chunk(i, 5, [b"k"], [bytes(half)]) for i in range(1, 6)]
    ((first_index, value),) = layout.encode_blocks(chunks)
    assert [len(chunk.datas) for chunk in decode(value, first_index)] == [2, 2, 1]


@given(chunk_rows(), st.data())
@settings(max_examples=60)
def test_reading_from_any_index_within_any_bounds(chunks: list[Chunk], data: st.DataObject) -> None:
    first_index, value = layout.encode_blocks(chunks)[0]
    rows = [
        (chunk.first_index + i, chunk.keys[i], chunk.datas[i])
        for chunk in decode(value, first_index)
        for i in range(len(chunk.datas))
    ]
    index = data.draw(st.integers(first_index, first_index + len(rows)))
    max_records, max_bytes = data.draw(st.integers(1, 20)), data.draw(st.integers(0, 2000))
    expected, size = [], 0
    for row in rows:
        if row[0] >= index and len(expected) < max_records:
            size += len(row[1]) + len(row[2])
            if expected and size > max_bytes:
                break
            expected.append(row)
    got = [
        (chunk.first_index + i, chunk.keys[i], chunk.datas[i])
        for chunk in decode(value, first_index, index, max_records, max_bytes)
        for i in range(len(chunk.datas))
    ]
    assert got == expected


def test_blocks_are_cut_at_their_size() -> None:
    chunks = [Chunk(1 + i, 1, [b"k"], [bytes(300_000)]) for i in range(10)]
    blocks = layout.encode_blocks(chunks)
    assert [first for first, _ in blocks] == [1, 5, 9]
    assert all(len(value) < layout.BLOCK_MAX_BYTES + 300_100 for _, value in blocks)


# ---------------------------------------------------------------- damage


def test_every_flipped_bit_is_noticed() -> None:
    chunks = [Chunk(1, 1000, [b"a", b"bc"], [b"12", b"345"]), Chunk(3, 2000, [b"d"], [b"67890"])]
    value = one_block(*chunks)
    for position in range(len(value)):
        for bit in range(8):
            damaged = bytearray(value)
            damaged[position] ^= 1 << bit
            with pytest.raises(layout.ChecksumError):  # noqa: PT012  the head and the chunks are one value
                layout.read_block_head(damaged)
                decode(bytes(damaged), 1)


@pytest.mark.parametrize("index", [1, 3, 4])
def test_damage_never_moves_a_record(index: int) -> None:
    # Chunks before `index` are stepped over by their headers alone.
    value = one_block(*(Chunk(i, 1000 + i, [b"k%d" % i], [b"%d" % i]) for i in range(1, 6)))
    for position in range(layout.BLOCK_HEADER.size, len(value)):
        damaged = bytearray(value)
        damaged[position] ^= 0xFF
        try:
            chunks = decode(bytes(damaged), 1, index)
        except layout.ChecksumError:
            continue
        assert [(c.first_index, c.datas) for c in chunks] == [(i, [b"%d" % i]) for i in range(index, 6)]


def test_a_truncated_block_is_noticed() -> None:
    value = one_block(Chunk(1, 1000, [b"a", b"bc"], [b"12", b"345"]))
    for size in range(layout.BLOCK_HEADER.size + 1, len(value)):
        with pytest.raises(layout.ChecksumError):
            decode(value[:size], 1)
    for size in range(layout.BLOCK_HEADER.size):
        with pytest.raises(layout.ChecksumError):
            layout.read_block_head(value[:size])


@given(st.binary(max_size=200))
def test_junk_is_noticed_or_empty(value: bytes) -> None:
    for read in (layout.read_block_head, layout.first_arrival_ms):
        try:
            read(value)
        except layout.ChecksumError:
            pass
    try:
        assert decode(value, 0) == [] or len(value) > layout.BLOCK_HEADER.size
    except layout.ChecksumError:
        pass


# ---------------------------------------------------------------- the page about it

PAGE = (Path(streamcore.__file__).parent / "store" / "FORMAT.md").read_text()


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (r"Format version \*\*(\d+)\*\*", layout.FORMAT_VERSION),
        (r"(\d+) bytes \(`BLOCK_MAX_BYTES`\)", layout.BLOCK_MAX_BYTES),
        (r"Block header: (\d+) bytes", layout.BLOCK_HEADER.size),
        (r"Chunk header: (\d+) bytes", layout.CHUNK_HEADER.size),
        (r"last (\d+) batches \(`PRODUCER_WINDOW`\)", limits.PRODUCER_WINDOW),
        (r"at most (\d+) bytes together, `ROW_KEY_MAX_BYTES`", limits.ROW_KEY_MAX_BYTES),
        (r"Flag (1): the lengths of keys", layout._WIDE_KEYS),
        (r"Flag (2): the lengths of data", layout._WIDE_DATA),
    ],
)
def test_its_numbers_are_the_codes(pattern: str, value: int) -> None:
    assert re.findall(pattern, PAGE) == [str(value)]


@pytest.mark.parametrize(
    ("pattern", "header"),
    [
        (r"Block header: \d+ bytes, `(\S+)`", layout.BLOCK_HEADER),
        (r"Chunk header: \d+ bytes, `(\S+)`", layout.CHUNK_HEADER),
        (r"(<QQQQ), key", layout._EXTENT),
    ],
)
def test_its_layouts_are_the_codes(pattern: str, header: struct.Struct) -> None:
    assert re.findall(pattern, PAGE) == [header.format]


def test_it_names_every_database() -> None:
    from streamcore.store.base import Table
    from streamcore.store.lmdb import _EXTENTS, _RECORDS

    listed = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert listed == {_RECORDS.decode(), _EXTENTS.decode(), *Table}
