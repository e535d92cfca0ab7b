"""A snapshot holds what was committed at its moment, all of it and nothing else, whichever service it is in."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from runtime.model.s3.values import Meta
from runtime.snapshots.restore import restore
from runtime.snapshots.service import SnapshotError
from streamcore.broker import open_broker
from streamcore.cli import main
from streamcore.client import ApiError, Client
from streamcore.composition import Composition
from streamcore.config import settings

LARGE = b"x" * 100_000


@asynccontextmanager
async def running(data: Path, **options: Any) -> AsyncIterator[Composition]:
    composition = await Composition.start(
        settings(port=0, data=str(data), transition_ms=0, workers=1, limits="off", **options)
    )
    try:
        yield composition
    finally:
        await composition.stop()


async def put_object(composition: Composition, key: str, body: bytes) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield body

    store = composition.objects.store
    await store.put(store.bucket("photos"), key, await store.receive(pieces()), Meta())


async def make_bucket(composition: Composition) -> None:
    await composition.objects.store.create_bucket("photos", "000000000000", "us-east-1", {})


async def keys_of(composition: Composition) -> list[str]:
    store = composition.objects.store
    rows = await store.reader.run(lambda c: c.execute("SELECT key FROM objects ORDER BY key").fetchall())
    return [key.decode() for (key,) in rows]


async def body_of(composition: Composition, key: str) -> bytes:
    return await composition.objects.fetch("photos", key, None)


async def count(composition: Composition) -> int:
    read = await composition.broker.read("orders", "shardId-000000000000", 0)
    return sum(len(chunk.datas) for chunk in read.chunks)


def zipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", text)
    return buffer.getvalue()


async def test_what_is_in_it_and_what_is_not(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as composition:
        broker = composition.broker
        await broker.create_stream("orders", shards=1)
        await make_bucket(composition)
        await broker.put_records("orders", ["k"] * 3, [b"a", b"b", b"c"])
        await put_object(composition, "small", b"tiny")
        await put_object(composition, "large", LARGE)
        await put_object(composition, "deleted later", LARGE)
        made = await composition.snapshots.create("first", {"a": "b"})
        await broker.put_records("orders", ["k"], [b"too late"])
        await put_object(composition, "too late", LARGE)
        store = composition.objects.store
        await store.delete(store.bucket("photos"), "deleted later")
        done = await composition.snapshots.finished(made.id)
        assert (done.state, done.message) == ("completed", "")
        assert done.size_bytes > 2 * len(LARGE)
    source = tmp_path / "data" / "snapshots" / made.id
    assert restore(source, tmp_path / "restored").id == made.id
    async with running(tmp_path / "restored") as composition:
        assert await count(composition) == 3
        assert await keys_of(composition) == ["deleted later", "large", "small"]
        assert await body_of(composition, "large") == LARGE
        assert await body_of(composition, "deleted later") == LARGE
        assert await body_of(composition, "small") == b"tiny"
        assert composition.snapshots.volume.id == made.volume_id
        await composition.broker.put_records("orders", ["k"], [b"more"])
        assert await count(composition) == 4
    async with running(tmp_path / "data") as composition:
        (kept,) = composition.snapshots.all()
        assert kept == done


async def test_one_instant_of_all_stores(tmp_path: Path) -> None:
    """A writer that puts a record, then an object, and so on: at any instant there are as many of one as of the other,
    or one record more."""
    async with running(tmp_path / "data", durability="os") as composition:
        await composition.broker.create_stream("orders", shards=1)
        await make_bucket(composition)
        stop = asyncio.Event()

        async def write() -> int:
            number = 0
            while not stop.is_set():
                await composition.broker.put_records("orders", ["k"], [str(number).encode()])
                await put_object(composition, f"{number:06}", LARGE if number % 2 else b"tiny")
                number += 1
            return number

        writing = asyncio.create_task(write())
        made = []
        for _ in range(8):
            made.append(await composition.snapshots.create())
            await composition.snapshots.finished(made[-1].id)
        stop.set()
        written = await writing
    counts = []
    for each in made:
        restore(tmp_path / "data" / "snapshots" / each.id, tmp_path / each.id)
        async with running(tmp_path / each.id) as composition:
            records, keys = await count(composition), await keys_of(composition)
            assert len(keys) <= records <= len(keys) + 1
            assert keys == [f"{number:06}" for number in range(len(keys))]
            for key in keys:
                assert len(await body_of(composition, key)) == (len(LARGE) if int(key) % 2 else 4)
            counts.append(records)
    assert counts == sorted(counts)
    assert counts[-1] <= written


async def test_functions_are_in_it(tmp_path: Path) -> None:
    from runtime.model.names import FunctionKey, FunctionRef

    async with running(tmp_path / "data") as composition:
        url = composition.url
        body = {
            "FunctionName": "hello",
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Role": "arn:aws:iam::000000000000:role/r",
        }
        await _create_function(url, body, zipped("def handler(event, context):\n    return {'hello': event['name']}\n"))
        made = await composition.snapshots.create()
        await composition.snapshots.finished(made.id)
    restore(tmp_path / "data" / "snapshots" / made.id, tmp_path / "restored")
    async with running(tmp_path / "restored") as composition:
        ref = FunctionRef(FunctionKey("000000000000", "us-east-1", "hello"), "$LATEST")
        assert composition.functions.catalog.configuration(ref).handler == "app.handler"
        answer = await asyncio.to_thread(_invoke, composition.url)
        assert answer == {"hello": "world"}


async def _create_function(url: str, body: dict[str, str], archive: bytes) -> None:
    client = _lambda(url)
    await asyncio.to_thread(lambda: client.create_function(**body, Code={"ZipFile": archive}))


def _lambda(url: str) -> Any:
    import boto3

    return boto3.client(
        "lambda", endpoint_url=url, region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t"
    )


def _invoke(url: str) -> Any:
    return json.loads(_lambda(url).invoke(FunctionName="hello", Payload=b'{"name": "world"}')["Payload"].read())


async def test_what_a_kill_leaves_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "data" / "snapshots" / "incoming-snap-01"
    (left / "data").mkdir(parents=True)
    (left / "data" / "volume").write_bytes(b"half")
    (tmp_path / "data" / "snapshots" / "snap-02").mkdir()
    async with running(tmp_path / "data") as composition:
        assert not left.exists()
        assert composition.snapshots.all() == []


async def test_a_failed_copy_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "a file"
    folder.write_text("in the way")
    async with running(tmp_path / "data", snapshots=str(folder / "snapshots")) as composition:
        made = await composition.snapshots.create()
        done = await composition.snapshots.finished(made.id)
        assert done.state == "error"
        assert "Not a directory" in done.message
        async with Client(composition.url) as client:
            with pytest.raises(ApiError, match="SnapshotFailed"):
                await client.create_snapshot()
        await composition.broker.create_stream("orders", shards=1)
        await composition.broker.put_records("orders", ["k"], [b"still written"])


async def test_a_damaged_snapshot_is_not_restored(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as composition:
        await make_bucket(composition)
        await put_object(composition, "large", LARGE)
        made = await composition.snapshots.create()
        await composition.snapshots.finished(made.id)
    source = tmp_path / "data" / "snapshots" / made.id
    target = tmp_path / "restored"
    target.mkdir()
    (target / "mine").write_text("something")
    with pytest.raises(SnapshotError, match="is not empty"):
        restore(source, target)
    (file,) = [path for path in (source / "data" / "objects" / "files").rglob("*") if path.is_file()]
    file.unlink()
    with pytest.raises(SnapshotError, match="is missing"):
        restore(source, tmp_path / "other")
    file.write_bytes(b"short")
    with pytest.raises(SnapshotError, match="instead of"):
        restore(source, tmp_path / "other")
    with pytest.raises(SnapshotError, match="is no snapshot"):
        restore(tmp_path, tmp_path / "other")
    assert not (tmp_path / "other").exists()


async def test_a_broker_in_memory_has_nothing_to_copy() -> None:
    from runtime.snapshots.service import Snapshots
    from streamcore.errors import StorageUnavailable

    async with open_broker(None) as broker:
        snapshots = Snapshots(broker, None, [])
        await snapshots.start()
        with pytest.raises(SnapshotError, match="in memory"):
            await snapshots.create()
        with pytest.raises(StorageUnavailable):
            broker.held()


async def test_the_command(tmp_path: Path) -> None:
    """Two right uses of each command, and wrong ones."""
    async with running(tmp_path / "data") as composition:

        async def run(*arguments: str) -> tuple[int, str]:
            done = await asyncio.to_thread(
                CliRunner().invoke, main, ["backup", *arguments], env={"STREAMCORE_ENDPOINT": composition.url}
            )
            return done.exit_code, done.output

        await composition.broker.create_stream("orders", shards=1)
        code, text = await run("create", "--description", "before lunch", "--tag", "team=blue")
        assert code == 0
        name = text.split()[0]
        assert str(tmp_path / "data" / "snapshots") in text
        code, text = await run("list")
        assert code == 0
        assert name in text
        assert "before lunch team=blue" in text
        assert (await run("prune", "--older-than", "1d"))[1] == "there is none that old\n"
        assert (await run("prune", "--older-than", "soon"))[0] == 2
        assert await run("delete", "snap-1") == (
            1,
            "Error: InvalidSnapshot.NotFound: The snapshot 'snap-1' does not exist.\n",
        )
        code, text = await run("restore", str(tmp_path / "data/snapshots" / name), "--data", str(tmp_path / "new"))
        assert code == 0
        assert "is as it was at" in text
        code, text = await run("restore", str(tmp_path), "--data", str(tmp_path / "newer"))
        assert code == 1
        assert "is no snapshot" in text
        assert await run("delete", name) == (0, f"{name} is deleted\n")
        assert await run("list") == (0, "")
    async with running(tmp_path / "new") as composition:
        assert [each.name for each in composition.broker.list_streams()] == ["orders"]


async def test_prune(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as composition:
        snapshots = composition.snapshots
        made = [await snapshots.create(str(number)) for number in range(3)]
        for each in made:
            await snapshots.finished(each.id)
        border = max(each.started_ms for each in made) + 1
        assert await snapshots.prune(made[0].started_ms) == []
        assert set(await snapshots.prune(border)) == {each.id for each in made}
        assert snapshots.all() == []
