"""What a store promises the engine: one suite for the real one and for the fake.

Where the two differ is said here: the real store removes whole blocks (all that one commit brought to one shard), the
fake whole requests. So of a commit whose records partly expired, either may keep more, never less.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import chain
from pathlib import Path

import pytest

from streamcore.errors import BrokerClosed
from streamcore.model.record import Chunk
from streamcore.store.base import Append, Batch, Extent, Row, ShardKey, Store, Table
from streamcore.store.lmdb import LmdbStore
from streamcore.store.memory import MemoryStore

A, B = ShardKey(1, 0), ShardKey(1, 1)
OTHER = ShardKey(2, 0)
ALL = 10**9

Reopen = Callable[[Store], Awaitable[Store]]


class Bench:
    """A store, and the same again as a restart finds it."""

    def __init__(self, store: Store, reopen: Reopen) -> None:
        self.store = store
        self._reopen = reopen

    async def reopen(self) -> Store:
        self.store = await self._reopen(self.store)
        return self.store


@pytest.fixture(params=["lmdb", "memory"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    async def reopen(store: Store) -> Store:
        await store.close()
        return store.reopened() if isinstance(store, MemoryStore) else LmdbStore(tmp_path)

    bench = Bench(MemoryStore() if request.param == "memory" else LmdbStore(tmp_path), reopen)
    yield bench
    await bench.store.close()


@pytest.fixture
def store(bench: Bench) -> Store:
    return bench.store


def a_chunk(first: int, count: int = 1, at_ms: int = 1000, size: int = 4) -> Chunk:
    """Records whose key and data tell their index."""
    indexes = range(first, first + count)
    return Chunk(first, at_ms, [b"k%d" % i for i in indexes], [(b"%d" % i).rjust(size, b".") for i in indexes])


async def append(store: Store, shard: ShardKey, *chunks: Chunk) -> None:
    await store.commit(Batch([Append(shard, list(chunks))]))


async def fill(store: Store, shard: ShardKey, commits: int, per_commit: int = 10, first: int = 1) -> None:
    """One commit after the other, a second apart, from 1000 ms on."""
    for i in range(commits):
        await append(store, shard, a_chunk(first + i * per_commit, per_commit, 1000 + 1000 * i))


async def indexes(
    store: Store, shard: ShardKey, index: int = 0, max_records: int = ALL, max_bytes: int = ALL
) -> list[int]:
    """What is read, as indexes, after checking that every record is the one of its index."""
    chunks = await store.read(shard, index, max_records, max_bytes)
    for chunk in chunks:
        own = range(chunk.first_index, chunk.next_index)
        assert chunk.keys == [b"k%d" % i for i in own]
        assert [int(data.lstrip(b".")) for data in chunk.datas] == list(own)
    return list(chain.from_iterable(range(chunk.first_index, chunk.next_index) for chunk in chunks))


# ---------------------------------------------------------------- reading


async def test_nothing_is_there_at_first(store: Store) -> None:
    assert await store.read(A, 0, ALL, ALL) == []
    assert await store.extents() == {}
    assert await store.seek(A, 0) == 0
    assert await store.scan(Table.CATALOG) == []
    assert store.unready_reason() is None


async def test_what_was_committed_is_read(store: Store) -> None:
    chunks = [a_chunk(1, 3, 1000), a_chunk(4, 2, 1500)]
    await append(store, A, *chunks)
    assert await store.read(A, 0, ALL, ALL) == chunks
    assert await store.extents() == {A: Extent(1, 6, 1000, 1500)}


@pytest.mark.parametrize("start", [0, 1, 2, 9, 10, 11, 15, 29, 30, 31, 10**6])
async def test_reading_from_the_middle(store: Store, start: int) -> None:
    await append(store, A, a_chunk(1, 4), a_chunk(5, 6))  # two requests in one commit
    await append(store, A, a_chunk(11, 20))
    assert await indexes(store, A, start) == list(range(max(start, 1), 31))


@pytest.mark.parametrize("max_records", [1, 2, 3, 4, 5, 10, 11, 29, 30, 31])
@pytest.mark.parametrize("start", [1, 3, 10])
async def test_no_more_records_than_asked_for(store: Store, start: int, max_records: int) -> None:
    await append(store, A, a_chunk(1, 4), a_chunk(5, 6))
    await append(store, A, a_chunk(11, 20))
    expected = list(range(start, 31))[:max_records]
    assert await indexes(store, A, start, max_records) == expected


@pytest.mark.parametrize(
    ("max_bytes", "count"), [(0, 1), (1, 1), (101, 1), (102, 1), (203, 1), (204, 2), (509, 4), (510, 5), (10**6, 9)]
)
async def test_no_more_bytes_than_asked_for_but_the_first_record(store: Store, max_bytes: int, count: int) -> None:
    await append(store, A, a_chunk(1, 2, size=100), a_chunk(3, 3, size=100))  # 102 bytes each with their keys
    await append(store, A, a_chunk(6, 4, size=100))
    assert await indexes(store, A, 1, max_bytes=max_bytes) == list(range(1, 1 + count))


async def test_shards_do_not_see_each_other(store: Store) -> None:
    expected: dict[ShardKey, list[int]] = {}
    shards = [ShardKey(stream, number) for stream in (1, 2, 256) for number in (0, 1, 255, 256)]
    for step in range(5):
        batch = Batch([])
        for i, shard in enumerate(shards):
            if (step + i) % 3:
                own = expected.setdefault(shard, [])
                chunk = a_chunk(len(own) + 1, 1 + i % 4, 1000 + step)
                own += range(chunk.first_index, chunk.next_index)
                batch.appends.append(Append(shard, [chunk]))
        await store.commit(batch)
    for shard in shards:
        assert await indexes(store, shard) == expected[shard]
        assert await indexes(store, shard, expected[shard][-1]) == expected[shard][-1:]
        assert await indexes(store, shard, expected[shard][-1] + 1) == []
    assert {key: extent.next_index for key, extent in (await store.extents()).items()} == {
        key: own[-1] + 1 for key, own in expected.items()
    }


async def test_indexes_may_be_missing(store: Store) -> None:
    # A commit that failed used them up.
    await append(store, A, a_chunk(1, 3, 1000), a_chunk(10, 2, 2000))
    await append(store, A, a_chunk(20, 2, 3000))
    held = [1, 2, 3, 10, 11, 20, 21]
    for start in range(25):
        assert await indexes(store, A, start) == [i for i in held if i >= start]
        assert await indexes(store, A, start, max_records=1) == [i for i in held if i >= start][:1]
    assert await store.extents() == {A: Extent(1, 22, 1000, 3000)}
    for at_ms, first in ((0, 1), (1000, 1), (1001, 10), (2000, 10), (2001, 20), (3000, 20)):
        assert (await indexes(store, A, await store.seek(A, at_ms)))[0] == first


async def test_large_and_small_records_together(store: Store) -> None:
    datas = [b"", b"x", bytes(10 * 1024 * 1024), b"y" * 70_000]
    chunk = Chunk(1, 1000, [b"k", b"\xc3\xa4" * 512, b"k" * 255, b"k" * 256], datas)
    await append(store, A, chunk)
    assert await store.read(A, 0, ALL, ALL) == [chunk]
    read = await store.read(A, 3, ALL, 1)
    assert [len(data) for data in read[0].datas] == [10 * 1024 * 1024]


async def test_many_requests_in_one_commit_are_more_than_one_block(store: Store) -> None:
    chunks = [a_chunk(1 + i * 10, 10, 1000 + i, size=30_000) for i in range(12)]  # 3.6 MB
    await append(store, A, *chunks)
    assert await store.read(A, 0, ALL, ALL) == chunks
    assert await indexes(store, A, 57) == list(range(57, 121))
    assert await store.seek(A, 1007) == 71


# ---------------------------------------------------------------- seeking by time


async def test_seek(store: Store) -> None:
    await append(store, A, a_chunk(1, 5, 1000), a_chunk(6, 5, 1000), a_chunk(11, 5, 1500))
    await fill(store, A, 5, first=16)  # arrivals never go back: 1000 would
    table = {0: 1, 999: 1, 1000: 1, 1001: 11, 1500: 11}
    assert {at: await store.seek(A, at) for at in table} == table


async def test_seek_in_many_blocks(store: Store) -> None:
    await fill(store, A, 40)
    for i in range(40):
        assert await store.seek(A, 1000 + 1000 * i) == 1 + i * 10
        assert await store.seek(A, 1001 + 1000 * i) == 11 + i * 10
    assert await store.seek(A, ALL) == 401
    assert await store.seek(B, 1000) == 0


# ---------------------------------------------------------------- trimming


async def test_trim_removes_what_arrived_at_or_before_the_horizon(store: Store) -> None:
    await fill(store, A, 5)
    assert await store.trim(A, 999, ALL) == Extent(1, 51, 1000, 5000)
    assert await store.trim(A, 2000, ALL) == Extent(21, 51, 3000, 5000)
    assert await indexes(store, A) == list(range(21, 51))
    assert (await store.extents())[A] == Extent(21, 51, 3000, 5000)
    assert await store.seek(A, 0) == 21


async def test_trim_goes_in_steps(store: Store) -> None:
    await fill(store, A, 5)
    assert (await store.trim(A, ALL, 2)).first_index == 21
    assert (await store.trim(A, ALL, 2)).first_index == 41
    assert (await store.trim(A, ALL, 2)).is_empty


async def test_of_a_commit_that_expired_in_part_nothing_younger_goes(store: Store) -> None:
    await append(store, A, a_chunk(1, 5, 1000), a_chunk(6, 5, 3000))
    extent = await store.trim(A, 2000, ALL)
    assert extent.first_index in (1, 6)  # a block, or a request
    assert await indexes(store, A, 6) == list(range(6, 11))
    assert (await store.trim(A, 3000, ALL)).is_empty


async def test_trim_leaves_the_neighbours_alone(store: Store) -> None:
    for shard in (A, B, OTHER):
        await fill(store, shard, 3)
    await store.trim(B, ALL, ALL)
    assert await indexes(store, A) == await indexes(store, OTHER) == list(range(1, 31))
    assert await indexes(store, B) == []


async def test_numbering_and_time_survive_trimming_to_nothing(bench: Bench) -> None:
    await fill(bench.store, A, 3)
    empty = Extent(31, 31, 3000, 3000)
    assert await bench.store.trim(A, ALL, ALL) == empty
    assert await bench.store.extents() == {A: empty}
    store = await bench.reopen()
    assert await store.extents() == {A: empty}
    assert await store.seek(A, 0) == 31
    assert await indexes(store, A) == []
    await append(store, A, a_chunk(31, 2, 9000))
    assert await store.extents() == {A: Extent(31, 33, 9000, 9000)}
    assert await store.trim(A, ALL, ALL) == Extent(33, 33, 9000, 9000)


async def test_trimming_what_never_was_leaves_no_trace(store: Store) -> None:
    assert (await store.trim(A, ALL, ALL)).is_empty
    assert await store.extents() == {}


# ---------------------------------------------------------------- dropping


async def test_drop_goes_in_steps(store: Store) -> None:
    await fill(store, A, 5)
    await fill(store, B, 2)
    await fill(store, OTHER, 2)
    await store.trim(B, 1000, ALL)
    steps = 1
    while not await store.drop(1, 2):
        steps += 1
        assert steps < 20
    assert steps >= 3
    assert set(await store.extents()) == {OTHER}
    assert await indexes(store, A) == await indexes(store, B) == []
    assert await indexes(store, OTHER) == list(range(1, 21))


async def test_dropping_what_never_was(store: Store) -> None:
    await fill(store, OTHER, 1)
    assert await store.drop(1, 10) is True
    assert await store.drop(3, 10) is True
    assert set(await store.extents()) == {OTHER}


async def test_a_drop_can_go_on_after_a_restart(bench: Bench) -> None:
    await fill(bench.store, A, 6)
    assert await bench.store.drop(1, 2) is False
    store = await bench.reopen()
    assert await store.drop(1, 1000) is True
    assert await store.extents() == {}


# ---------------------------------------------------------------- rows


async def test_rows(bench: Bench) -> None:
    rows = [Row(table, key, table.encode() + key) for table in Table for key in (b"a", b"ab", b"b", b"\xff\xff")]
    await bench.store.commit(Batch([], rows))
    await bench.store.commit(Batch([], [Row(Table.DOCUMENTS, b"ab", None), Row(Table.META, b"absent", None)]))
    for step in ("at once", "after a restart"):
        store = bench.store if step == "at once" else await bench.reopen()
        assert await store.scan(Table.CATALOG, b"a") == [(b"a", b"cataloga"), (b"ab", b"catalogab")]
        assert await store.scan(Table.DOCUMENTS, b"a") == [(b"a", b"documentsa")]
        assert await store.scan(Table.PRODUCERS, b"\xff") == [(b"\xff\xff", b"producers\xff\xff")]
        assert [key for key, _ in await store.scan(Table.CHECKPOINTS)] == [b"a", b"ab", b"b", b"\xff\xff"]
        assert await store.scan(Table.CATALOG, b"c") == []


async def test_the_last_of_a_commit_counts(store: Store) -> None:
    await store.commit(Batch([], [Row(Table.DOCUMENTS, b"k", b"1"), Row(Table.DOCUMENTS, b"k", b"2")]))
    assert await store.scan(Table.DOCUMENTS, b"k") == [(b"k", b"2")]
    await store.commit(Batch([], [Row(Table.DOCUMENTS, b"k", b"3"), Row(Table.DOCUMENTS, b"k", None)]))
    assert await store.scan(Table.DOCUMENTS, b"k") == []


# ---------------------------------------------------------------- opening and closing


async def test_all_is_there_after_reopening(bench: Bench) -> None:
    await fill(bench.store, A, 5)
    await append(bench.store, B, a_chunk(1, 3, size=200_000))
    before = await bench.store.extents()
    for _ in range(3):
        store = await bench.reopen()
        assert await store.extents() == before
        assert await indexes(store, A) == list(range(1, 51))
        assert await indexes(store, B) == [1, 2, 3]
    await append(store, A, a_chunk(51, 1, 9000))
    assert (await indexes(store, A))[-1] == 51


async def test_a_closed_store_takes_nothing(store: Store) -> None:
    await store.close()
    await store.close()
    assert store.unready_reason() == "closed"
    assert store.usage() == (0, 0, 0)
    with pytest.raises(BrokerClosed):
        await append(store, A, a_chunk(1))
