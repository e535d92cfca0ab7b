"""The volume on disk: damage, growth, who may open it, and what a failed write means."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lmdb
import pytest

import streamcore
from streamcore.errors import BrokerClosed, StorageCorrupt, StorageFailed, StorageFormat, StorageFull, StorageLocked
from streamcore.model.record import Chunk
from streamcore.store import lmdb as store_lmdb
from streamcore.store.base import Append, Batch, Row, ShardKey, Table
from streamcore.store.lmdb import LmdbStore

A, B = ShardKey(1, 0), ShardKey(1, 1)
ALL = 10**9
ROOT = Path(streamcore.__file__).parent.parent


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[LmdbStore]:
    store = LmdbStore(tmp_path)
    yield store
    await store.close()


async def append(store: LmdbStore, shard: ShardKey, index: int, *datas: bytes, at_ms: int = 1000) -> None:
    await store.commit(Batch([Append(shard, [Chunk(index, at_ms, [b"k"] * len(datas), list(datas))])]))


async def datas(store: LmdbStore, shard: ShardKey, index: int = 0) -> list[bytes]:
    return [data for chunk in await store.read(shard, index, ALL, ALL) for data in chunk.datas]


# ---------------------------------------------------------------- damage


async def a_damaged_volume(folder: Path, marker: bytes) -> None:
    """Three blocks in shard A and one in B; the byte before `marker` is flipped in the file."""
    store = LmdbStore(folder)
    for i in range(3):
        await append(store, A, 1 + i, b"<block %d of A>" % i, at_ms=1000 + i)
    await append(store, B, 1, b"<block of B>")
    await store.close()
    file = folder / "volume" / "data.mdb"
    raw = bytearray(file.read_bytes())
    at, count = raw.find(marker), 0
    while at >= 0:  # LMDB may keep an older copy of the page
        raw[at] ^= 0x40
        at, count = raw.find(marker, at + 1), count + 1
    assert count >= 1
    file.write_bytes(raw)


async def test_a_flipped_byte_costs_its_block_only(tmp_path: Path) -> None:
    await a_damaged_volume(tmp_path, b"<block 1 of A>")
    store = LmdbStore(tmp_path)
    with pytest.raises(StorageCorrupt, match=r"^Block 2 of shard shardId-000000000000 .*checksum.*") as caught:
        await store.read(A, 2, ALL, ALL)
    assert str(tmp_path) in str(caught.value)
    assert [chunk.datas for chunk in await store.read(A, 1, 1, ALL)] == [[b"<block 0 of A>"]]
    assert await datas(store, A, 3) == [b"<block 2 of A>"]
    assert await datas(store, B) == [b"<block of B>"]
    await append(store, A, 4, b"more")
    assert await datas(store, A, 4) == [b"more"]
    await store.close()


async def test_a_damaged_header_is_found_when_numbering_needs_it(tmp_path: Path) -> None:
    # The header of the last block says which index comes next: without it none may be given.
    store = LmdbStore(tmp_path)
    await append(store, A, 1, b"data", at_ms=0x0102030405060708)
    await append(store, B, 1, b"data")
    await store.close()
    file = tmp_path / "volume" / "data.mdb"
    raw = file.read_bytes()
    needle = (0x0102030405060708).to_bytes(8, "little")
    file.write_bytes(raw.replace(needle, b"\xff" + needle[1:]))
    store = LmdbStore(tmp_path)
    for call in (store.extents(), store.seek(A, 5), store.trim(A, 2**63, 10), store.read(A, 1, ALL, ALL)):
        with pytest.raises(StorageCorrupt, match="shardId-000000000000"):
            await call
    assert await datas(store, B) == [b"data"]
    assert store.unready_reason() is None
    await store.close()


# ---------------------------------------------------------------- growth


async def test_the_map_grows_under_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_lmdb, "_MAP_START_BYTES", 1024 * 1024)
    store = LmdbStore(tmp_path)
    await append(store, B, 1, b"b" * 1000)
    written = 0

    async def read_on() -> int:
        reads = 0
        while written < 40:
            assert await datas(store, B) == [b"b" * 1000]
            assert len(await datas(store, A)) >= 0
            reads += 1
        return reads

    readers = [asyncio.create_task(read_on()) for _ in range(3)]
    try:
        for i in range(40):
            await append(store, A, 1 + i, bytes(300_000))
            written += 1
    finally:
        written = 40
    assert min(await asyncio.gather(*readers)) > 0
    usage = store.usage()
    assert usage.map_bytes >= usage.file_bytes >= 12_000_000
    assert len(await datas(store, A)) == 40
    await store.close()


async def test_one_commit_larger_than_the_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_lmdb, "_MAP_START_BYTES", 1024 * 1024)
    store = LmdbStore(tmp_path)
    await append(store, A, 1, bytes(9_000_000))
    assert [len(data) for data in await datas(store, A)] == [9_000_000]
    await store.close()
    store = LmdbStore(tmp_path)  # the map starts above the file
    assert store.usage().map_bytes > 9_000_000
    await append(store, A, 2, b"more")
    await store.close()


async def test_trimmed_space_is_used_again(store: LmdbStore) -> None:
    async def fill_and_trim(first: int) -> int:
        for i in range(20):
            await append(store, A, first + i, bytes(200_000))
        await store.trim(A, 1000, ALL)
        return store.usage().file_bytes

    await fill_and_trim(1)
    size = await fill_and_trim(21)
    for round_ in range(2, 6):
        assert await fill_and_trim(1 + 20 * round_) <= size * 1.5
    assert store.usage().free_bytes > size // 2


# ---------------------------------------------------------------- who may open it


async def test_a_second_opener_is_refused_with_the_pid(tmp_path: Path, store: LmdbStore) -> None:
    with pytest.raises(StorageLocked, match=rf"process {os.getpid()}\b"):
        LmdbStore(tmp_path)
    await append(store, A, 1, b"still writing")


async def test_another_process_is_refused_with_the_pid(tmp_path: Path, store: LmdbStore) -> None:
    script = "import sys, pathlib; from streamcore.store.lmdb import LmdbStore; LmdbStore(pathlib.Path(sys.argv[1]))"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(tmp_path),
        cwd=ROOT, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    _, stderr = await process.communicate()
    assert process.returncode != 0
    assert f"in use by another broker (process {os.getpid()})" in stderr.decode()


async def test_it_can_be_opened_again_once_closed(tmp_path: Path) -> None:
    for i in range(5):
        store = LmdbStore(tmp_path)
        await append(store, A, 1 + i, b"x")
        await store.close()


async def test_another_format_is_refused(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path)
    await store.commit(Batch([], [Row(Table.META, b"format", b"2")]))
    await store.close()
    for _ in range(2):  # the refusal leaves nothing open
        with pytest.raises(StorageFormat, match=rf"{tmp_path} has format 2; this version reads format 1"):
            LmdbStore(tmp_path)


@pytest.mark.parametrize("content", [b"hello\n", b"x" * 100_000, bytes(100_000)])
async def test_what_is_not_a_volume(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "volume" / "data.mdb").write_bytes(content)
    for _ in range(2):
        with pytest.raises(StorageFormat, match=str(tmp_path)):
            LmdbStore(tmp_path)
    assert (tmp_path / "volume" / "data.mdb").read_bytes() == content


async def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(OSError):
        LmdbStore(tmp_path / "data")


# ---------------------------------------------------------------- failing writes


@contextmanager
def a_full_disk(folder: Path, room_bytes: int) -> Iterator[None]:
    """Files of this process cannot grow beyond the volume's size and `room_bytes`; Python ignores SIGXFSZ."""
    size = (folder / "volume" / "data.mdb").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room_bytes", [0, 4096, 10_000, 200_000, 1_000_000])
async def test_a_full_disk_refuses_and_recovers(tmp_path: Path, room_bytes: int, store: LmdbStore) -> None:
    # With some room left the write is cut short instead of refused, which LMDB reports as an I/O error.
    await append(store, A, 1, b"before")
    with a_full_disk(tmp_path, room_bytes):
        for _ in range(3):
            with pytest.raises(StorageFull, match=str(tmp_path)):
                await append(store, A, 2, bytes(4_000_000))
        assert store.unready_reason() is None
        assert await datas(store, A) == [b"before"]
    await append(store, A, 2, bytes(4_000_000))
    assert [len(data) for data in await datas(store, A)] == [6, 4_000_000]
    await store.close()
    again = LmdbStore(tmp_path)
    assert [len(data) for data in await datas(again, A)] == [6, 4_000_000]
    await again.close()


class _FailingEnvironment:
    """LMDB's environment whose transactions fail at their commit."""

    def __init__(self, env: lmdb.Environment, error: lmdb.Error) -> None:
        self._env = env
        self._error = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._env, name)

    def begin(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("write"):
            raise self._error
        return self._env.begin(*args, **kwargs)


async def test_after_a_failed_sync_nothing_is_written(store: LmdbStore, monkeypatch: pytest.MonkeyPatch) -> None:
    await append(store, A, 1, b"before")
    error = lmdb.Error(f"mdb_txn_commit: {os.strerror(errno.EIO)}")
    with monkeypatch.context() as patch:
        patch.setattr(store, "_env", _FailingEnvironment(store._env, error))
        with pytest.raises(StorageFailed, match="Input/output error"):
            await append(store, A, 2, b"lost")
    for _ in range(2):  # for good, though the disk would take it
        with pytest.raises(StorageFailed, match="a restart reopens it"):
            await append(store, A, 2, b"lost")
    with pytest.raises(StorageFailed):
        await store.trim(A, ALL, ALL)
    assert "Input/output error" in (store.unready_reason() or "")
    assert "stopped writing" in repr(store)
    assert await datas(store, A) == [b"before"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
async def test_errors_that_mean_a_full_disk(store: LmdbStore, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    with monkeypatch.context() as patch:
        error = lmdb.Error(f"mdb_txn_commit: {os.strerror(code)}")
        patch.setattr(store, "_env", _FailingEnvironment(store._env, error))
        with pytest.raises(StorageFull):
            await append(store, A, 1, b"refused")
    await append(store, A, 1, b"taken")


async def test_a_row_that_lmdb_does_not_take_stops_nobody_else(store: LmdbStore) -> None:
    with pytest.raises(lmdb.BadValsizeError):
        await store.commit(Batch([], [Row(Table.DOCUMENTS, b"k" * 600, b"v")]))
    assert store.unready_reason() is None
    await append(store, A, 1, b"taken")


async def test_a_failed_commit_leaves_nothing(store: LmdbStore) -> None:
    batch = Batch(
        [Append(A, [Chunk(1, 1000, [b"k"], [b"half"])])],
        [Row(Table.DOCUMENTS, b"good", b"v"), Row(Table.DOCUMENTS, b"k" * 600, b"v")],
    )
    with pytest.raises(lmdb.BadValsizeError):
        await store.commit(batch)
    assert await datas(store, A) == []
    assert await store.scan(Table.DOCUMENTS) == []


def test_repr(tmp_path: Path) -> None:
    async def run() -> list[str]:
        store = LmdbStore(tmp_path)
        opened = repr(store)
        await store.close()
        return [opened, repr(store)]

    assert asyncio.run(run()) == [f"<LmdbStore {tmp_path} open>", f"<LmdbStore {tmp_path} closed>"]


async def test_a_moment_stays_as_it_was(tmp_path: Path) -> None:
    """Commits wait while the store is held; what they write later is not in the copy, however much the map grows."""
    store = LmdbStore(tmp_path / "data")
    await store.commit(Batch(rows=[Row(Table.DOCUMENTS, b"before", b"1")]))
    async with store.held() as moment:
        late = asyncio.ensure_future(store.commit(Batch(rows=[Row(Table.DOCUMENTS, b"late", b"1")])))
        await store.scan(Table.DOCUMENTS)  # readers go on; by then the commit would be through
        assert not late.done()
        taken = await moment()
    await late
    for number in range(40):
        await store.commit(Batch(rows=[Row(Table.DOCUMENTS, b"%d" % number, bytes(10_000_000))]))
    await taken.copy(tmp_path / "copy")
    taken.close()
    await store.close()
    copy = LmdbStore(tmp_path / "copy")
    assert await copy.scan(Table.DOCUMENTS) == [(b"before", b"1")]
    await copy.close()


async def test_a_moment_that_is_let_go_of_in_the_middle(tmp_path: Path) -> None:
    store = LmdbStore(tmp_path / "data")
    with pytest.raises(RuntimeError, match="no more"):
        async with store.held():
            raise RuntimeError("no more")
    async with store.held() as moment:
        (await moment()).close()
    await store.commit(Batch(rows=[Row(Table.DOCUMENTS, b"after", b"1")]))
    await store.close()
    with pytest.raises(BrokerClosed):
        async with store.held():
            pass
