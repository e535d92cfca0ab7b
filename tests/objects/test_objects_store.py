"""The store of objects below the API: what faults and crashes leave, and that readers keep what they read."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.destinations.router import Destinations
from runtime.errors import DestinationError, InvalidValueError
from runtime.model.s3.errors import S3Error
from runtime.model.s3.values import Bucket, Meta
from runtime.objects import blobs
from runtime.objects.app import Objects
from runtime.objects.store import ObjectStore
from runtime.sqlite import Connection, DatabaseFailed
from streamcore.broker import open_broker
from streamcore.clock import ManualClock
from streamcore.errors import StorageFull, StorageUnavailable

LARGE = b"x" * 3_000_000


async def pieces(data: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def put(store: ObjectStore, bucket: Bucket, key: str, data: bytes) -> None:
    await store.put(bucket, key, await store.receive(pieces(data)), Meta())


async def read(store: ObjectStore, bucket: Bucket, key: str) -> bytes:
    with await store.open_object(bucket, key) as opened:
        return b"".join([piece async for piece in opened.read()])


def files(store: ObjectStore) -> list[str]:
    return sorted(path.name for path in store.blobs.folder.rglob("*") if path.is_file() and "sqlite" not in path.name)


def incoming(store: ObjectStore) -> list[Path]:
    return list((store.blobs.folder / "incoming").iterdir())


async def reopened(store: ObjectStore) -> ObjectStore:
    """Another store over what is on the disk, as after a kill: the first one is not closed, only forgotten."""
    other = ObjectStore(store.blobs.folder, store.clock)
    await other.open()
    return other


async def test_a_sender_that_breaks_off_leaves_nothing(store: ObjectStore) -> None:
    async def broken() -> AsyncIterator[bytes]:
        async for piece in pieces(LARGE):
            yield piece
        raise S3Error("IncompleteBody")

    with pytest.raises(S3Error, match="IncompleteBody"):
        await store.receive(broken())
    assert files(store) == []


async def test_a_request_that_is_cancelled_leaves_nothing(store: ObjectStore) -> None:
    reached = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        async for piece in pieces(LARGE):
            yield piece
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(store.receive(endless()))
    await reached.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert files(store) == []


@pytest.mark.parametrize("call", ["write", "fsync"])
async def test_a_full_disk_leaves_nothing(
    store: ObjectStore, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    await put(store, bucket, "before", LARGE)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(blobs.os, call, full)
        with pytest.raises(StorageFull):
            await put(store, bucket, "k", LARGE)
    assert (len(files(store)), incoming(store)) == (1, [])
    await put(store, bucket, "k", LARGE)
    assert await read(store, bucket, "k") == await read(store, bucket, "before") == LARGE


async def test_an_index_that_is_full_keeps_no_content(store: ObjectStore, bucket: Bucket) -> None:
    def bound(connection: Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    await store.database.run(bound)
    with pytest.raises(DatabaseFailed, match="full"):
        await _fill(store, bucket)
    kept = len(files(store))
    listed = await store.database.run(lambda c: c.execute("SELECT count(*) FROM objects").fetchone()[0])
    assert (kept, incoming(store)) == (listed, [])


async def _fill(store: ObjectStore, bucket: Bucket) -> None:
    for number in range(1000):
        await put(store, bucket, f"{number:0500}", LARGE[:20_000])


async def test_a_refused_write_leaves_nothing(store: ObjectStore, bucket: Bucket) -> None:
    await store.delete_bucket(bucket.name)
    with pytest.raises(S3Error, match="NoSuchBucket"):
        await put(store, bucket, "k", LARGE)
    assert files(store) == []


async def test_a_reader_keeps_what_it_reads(store: ObjectStore, bucket: Bucket) -> None:
    await put(store, bucket, "k", LARGE)
    opened = await store.open_object(bucket, "k")
    await store.delete(bucket, "k")
    assert len(files(store)) == 1
    assert b"".join([piece async for piece in opened.read(10, 2_000_000)]) == LARGE[10:2_000_000]
    opened.close()
    assert store.garbage._task is not None
    await store.garbage._task
    assert files(store) == []


async def test_what_is_dropped_while_somebody_looks_waits(store: ObjectStore, bucket: Bucket) -> None:
    await put(store, bucket, "k", LARGE)
    with store.garbage.looking():
        await store.delete(bucket, "k")
        assert (store.garbage._task, len(files(store))) == (None, 1)
    assert store.garbage._task is not None
    await store.garbage._task
    assert files(store) == []


async def test_readers_and_writers_of_one_key(store: ObjectStore, bucket: Bucket) -> None:
    """Whatever a reader gets is whole, however fast the object changes."""
    await put(store, bucket, "k", b"0" * 50_000)

    async def write(number: int) -> None:
        for _ in range(15):
            await put(store, bucket, "k", str(number).encode() * 50_000)

    async def look() -> None:
        for _ in range(40):
            data = await read(store, bucket, "k")
            assert data == data[:1] * 50_000

    await asyncio.gather(*(write(number) for number in range(3)), look(), look())
    while store.garbage._task is not None:
        await store.garbage._task
    assert len(files(store)) == 1


# ---------------------------------------------------------------- after a crash


async def test_uploads_that_were_under_way_are_removed(store: ObjectStore) -> None:
    half = store.blobs.incoming()
    await half.write(LARGE)
    await half._settle()
    await store.receive(pieces(LARGE))  # whole, and not yet in the index
    assert len(incoming(store)) == 2
    other = await reopened(store)
    assert files(other) == []
    await other.close()
    await half.abandon()


async def test_a_file_that_the_index_knows_is_put_in_its_place(store: ObjectStore, bucket: Bucket) -> None:
    content = await store.receive(pieces(LARGE))
    place = store.blobs.place
    store.blobs.place = lambda segments: None  # type: ignore[method-assign]  # killed between commit and rename
    post = store.database.post
    store.database.post = lambda job, size: True  # type: ignore[method-assign]
    await store.put(bucket, "k", content, Meta())
    store.database.post, store.blobs.place = post, place  # type: ignore[method-assign]
    assert len(incoming(store)) == 1
    assert await read(store, bucket, "k") == LARGE
    other = await reopened(store)
    assert (incoming(other), len(files(other))) == ([], 1)
    assert await read(other, bucket, "k") == LARGE
    await other.close()


async def test_garbage_is_found_again(store: ObjectStore, bucket: Bucket) -> None:
    await put(store, bucket, "k", LARGE)
    store.garbage._begin = lambda: None  # type: ignore[method-assign]  # killed before it was removed
    await store.delete(bucket, "k")
    assert len(files(store)) == 1
    other = await reopened(store)
    while other.garbage._task is not None:
        await other.garbage._task
    assert files(other) == []
    await other.close()


async def test_sequence_numbers_grow_from_start_to_start(tmp_path: Path) -> None:
    clock, numbers = ManualClock(), []
    for _ in range(3):
        store = ObjectStore(tmp_path, clock)
        await store.open()
        bucket = store.buckets.get("seq-bucket") or await store.create_bucket("seq-bucket", "1", "r", {})
        for _ in range(3):
            version = await store.put(bucket, "k", await store.blobs.incoming().finish(), Meta())
            numbers.append(version.sequence)
        await store.delete(bucket, "k")
        await store.close()
    assert numbers == sorted(set(numbers))


async def test_an_index_of_another_time(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path, ManualClock())
    await store.open()
    await store.database.run(lambda c: c.execute("PRAGMA user_version = 9"))
    await store.close()
    with pytest.raises(StorageUnavailable, match="version 9"):
        await ObjectStore(tmp_path, ManualClock()).open()


async def test_a_broker_in_memory_has_a_folder_that_goes() -> None:
    async with open_broker(None) as broker:
        objects = Objects(broker)
        await objects.start()
        folder = objects.store.blobs.folder
        assert folder.exists()
        await objects.close()
        assert not folder.exists()


# ---------------------------------------------------------------- what others use


@pytest.fixture
async def objects(tmp_path: Path) -> AsyncIterator[Objects]:
    async with open_broker(tmp_path) as broker:
        objects = Objects(broker)
        objects.notify_through(Destinations())
        await objects.start()
        yield objects
        await objects.close()


async def test_code_is_fetched(objects: Objects) -> None:
    bucket = await objects.store.create_bucket("code", "1", "r", {})
    await put(objects.store, bucket, "a.zip", LARGE)
    assert await objects.fetch("code", "a.zip", None) == LARGE
    for name, key, version, told in (
        ("none", "a.zip", None, "S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"),
        ("code", "b.zip", None, "S3 Error Code: NoSuchKey"),
        ("code", "a.zip", "v", "S3 Error Code: NoSuchVersion"),
    ):
        with pytest.raises(InvalidValueError, match=f"Error occurred while GetObject. {told}"):
            await objects.fetch(name, key, version)


async def test_records_are_delivered_as_objects(objects: Objects) -> None:
    bucket = await objects.store.create_bucket("failures", "1", "r", {})
    await objects.deliver("arn:aws:s3:::failures", b"{}", {"Key": "aws/lambda/x.json"})
    await objects.deliver("arn:aws:s3:::failures", b"[]", {"RequestID": "abc"})
    assert await read(objects.store, bucket, "aws/lambda/x.json") == b"{}"
    assert await read(objects.store, bucket, "abc.json") == b"[]"
    with pytest.raises(DestinationError) as caught:
        await objects.deliver("arn:aws:s3:::nowhere", b"", {})
    assert caught.value.is_passing is False
