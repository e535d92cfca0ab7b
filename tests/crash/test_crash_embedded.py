"""Failed syncs as HTTP clients see them, and what many lives of a broker leave behind."""

from __future__ import annotations

import errno
import gc
import os
import threading
from pathlib import Path
from typing import Any

import aiohttp
import lmdb
import pytest

from streamcore import open_broker
from streamcore.client import ApiError, Client
from streamcore.composition import Composition
from streamcore.config import settings


class _FailingSync:
    """LMDB's environment on a disk whose sync fails."""

    def __init__(self, env: Any) -> None:
        self._env = env

    def __getattr__(self, name: str) -> Any:
        return getattr(self._env, name)

    def begin(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("write"):
            raise lmdb.Error(f"mdb_txn_commit: {os.strerror(errno.EIO)}")
        return self._env.begin(*args, **kwargs)


async def test_after_a_failed_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    composition = await Composition.start(settings(data=str(tmp_path / "data"), port=0, limits="off"))
    try:
        async with Client(composition.url) as client, aiohttp.ClientSession(composition.url) as http:
            await client.create_stream("s")
            await client.put("s", ["k"], [b"kept"])
            async with http.get("/readyz") as answer:
                assert (answer.status, await answer.text()) == (200, "ready\n")
            store: Any = composition.broker._store
            with monkeypatch.context() as patch:
                patch.setattr(store, "_env", _FailingSync(store._env))
                with pytest.raises(ApiError) as caught:
                    await client.put("s", ["k"], [b"lost"])
            assert (caught.value.status, caught.value.error_code) == (503, "storage_failed")
            for _ in range(2):  # the disk would write again; it is not trusted
                with pytest.raises(ApiError) as caught:
                    await client.put("s", ["k"], [b"lost"])
                assert caught.value.status == 503
            async with http.get("/readyz") as answer:
                assert answer.status == 503
                assert "Input/output error" in await answer.text()
            async with http.get("/healthz") as answer:
                assert answer.status == 200
            found = await client.read("s", "shardId-000000000000")
            assert [chunk[4] for chunk in found["chunks"]] == [[b"kept"]]
    finally:
        await composition.stop()
    async with open_broker(tmp_path / "data") as broker:
        result = await broker.read("s", "shardId-000000000000", 0)
        assert [record.data for record in result.records()] == [b"kept"]
        await broker.put_record("s", "k", b"more")


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_two_hundred_lives_leave_nothing_open(tmp_path: Path) -> None:
    async def live(i: int) -> None:
        async with open_broker(tmp_path, transition_ms=0, limits="off", durability="os") as broker:
            if i == 0:
                await broker.create_stream("s")
            await broker.put_record("s", "k", b"%d" % i)

    for i in range(10):  # what is kept for good, as the loop's own threads, is there then
        await live(i)
    gc.collect()
    before = open_descriptors(), threading.active_count()
    for i in range(10, 200):
        await live(i)
    gc.collect()
    after = open_descriptors(), threading.active_count()
    assert after[0] <= before[0] + 2
    assert after[1] <= before[1] + 2
