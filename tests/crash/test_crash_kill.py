"""kill -9 while writers write: what was acknowledged is there, what was retried is there once, and in order."""

from __future__ import annotations

import asyncio
import random
import resource
import signal
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from broker_process import BrokerProcess

from streamcore.client import ApiError, Client, Unreachable
from streamcore.model.sequence import INDEX_SHIFT

Starter = Callable[..., Awaitable[BrokerProcess]]
SHARDS = 3


class Writer:
    """Puts numbered batches until its broker dies. With `is_producer` it sends the unanswered batch again."""

    def __init__(self, name: str, *, is_producer: bool) -> None:
        self.name = name
        self.is_producer = is_producer
        self.batch = 0
        self.acknowledged: list[tuple[str, int, bytes]] = []
        self._random = random.Random(name)
        self._pending: tuple[list[str], list[bytes]] | None = None

    async def run(self, client: Client, on_answer: Callable[[], None]) -> None:
        while True:
            keys, datas = self._pending or self._next()
            self._pending = (keys, datas) if self.is_producer else None
            try:
                if self.is_producer:
                    answer = await client.put("s", keys, datas, producer=self.name, batch=self.batch)
                else:
                    answer = await client.put("s", keys, datas)
            except (Unreachable, ApiError):
                if not self.is_producer:
                    self.batch += 1  # nobody knows whether it was stored
                return
            self._pending = None
            self.batch += 1
            self._keep(answer, datas)
            on_answer()

    def _next(self) -> tuple[list[str], list[bytes]]:
        count = self._random.randrange(1, 30)
        keys = [f"{self.name}-{self._random.randrange(8)}" for _ in range(count)]
        return keys, [f"{self.name}:{self.batch:06d}:{i:03d}:".encode() + b"x" * 100 for i in range(count)]

    def _keep(self, answer: dict[str, Any], datas: list[bytes]) -> None:
        for shard, first, positions in answer["runs"]:
            for i, position in enumerate(positions):
                self.acknowledged.append((shard, int(first) + (i << INDEX_SHIFT), datas[position]))


async def write_until_killed(broker: BrokerProcess, writers: list[Writer], answers: int) -> None:
    """Kills the broker after so many answers, while the writers go on writing."""
    enough = asyncio.Event()
    left = answers

    def on_answer() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            enough.set()

    async with Client(broker.url) as client:
        work = [asyncio.create_task(writer.run(client, on_answer)) for writer in writers]
        await enough.wait()
        await broker.kill()
        await asyncio.gather(*work)


async def all_records(url: str) -> dict[str, list[tuple[int, bytes]]]:
    """Shard → (sequence number, data) of everything in it."""
    found: dict[str, list[tuple[int, bytes]]] = {}
    async with Client(url) as client:
        for shard in (await client.describe_stream("s"))["shards"]:
            rows, position = found.setdefault(shard["id"], []), "trim_horizon"
            while True:
                answer = await client.read("s", shard["id"], position)
                for _, _, first, _, datas in answer["chunks"]:
                    rows += [(int(first) + (i << INDEX_SHIFT), data) for i, data in enumerate(datas)]
                if not answer["chunks"]:
                    break
                position = f"index:{answer['next']}"
    return found


def check(found: dict[str, list[tuple[int, bytes]]], writers: list[Writer]) -> None:
    for rows in found.values():
        assert all(a[0] < b[0] for a, b in pairwise(rows)), "sequence numbers rise"
    stored = {(shard, sequence, data) for shard, rows in found.items() for sequence, data in rows}
    for writer in writers:
        assert set(writer.acknowledged) <= stored, "what was acknowledged is there"
        prefix = f"{writer.name}:".encode()
        own = {shard: [data for _, data in rows if data.startswith(prefix)] for shard, rows in found.items()}
        for datas in own.values():
            assert datas == sorted(datas), "a writer's records are in its order"
        everything = [data for datas in own.values() for data in datas]
        assert len(everything) == len(set(everything)), "nothing is there twice"
        if writer.is_producer:
            assert len(everything) == len(writer.acknowledged), "and nothing else"


async def kill_in_a_loop(start: Starter, rounds: int, seed: int, *options: str) -> None:
    chance = random.Random(seed)
    writers = [Writer(f"w{i}", is_producer=i % 2 == 0) for i in range(4)]
    broker = await start(*options)
    async with Client(broker.url) as client:
        await client.create_stream("s", shards=SHARDS)
    for round_ in range(rounds):
        await write_until_killed(broker, writers, chance.randrange(1, 120))
        broker = await start(*options)
        if round_ == rounds - 1 or round_ % 20 == 0:
            await retry_pending(broker, writers)
            check(await all_records(broker.url), writers)


async def retry_pending(broker: BrokerProcess, writers: list[Writer]) -> None:
    """Every producer sends its unanswered batch again, twice."""
    async with Client(broker.url) as client:
        for writer in writers:
            if writer._pending is not None:
                keys, datas = writer._pending
                first = await client.put("s", keys, datas, producer=writer.name, batch=writer.batch)
                again = await client.put("s", keys, datas, producer=writer.name, batch=writer.batch)
                assert again == first
                writer._keep(first, datas)
                writer._pending = None
                writer.batch += 1


@pytest.mark.parametrize("durability", ["sync", "os"])
async def test_kill_9(start: Starter, durability: str) -> None:
    await kill_in_a_loop(start, 3, 1, "--durability", durability)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_kill_9_two_hundred_times(start: Starter) -> None:
    await kill_in_a_loop(start, 200, 2)


# ---------------------------------------------------------------- a full disk


async def test_a_full_disk(start: Starter, tmp_path: Path) -> None:
    broker = await start()
    async with Client(broker.url) as client:
        await client.create_stream("s")
        kept = [b"before"]
        await client.put("s", ["k"], kept)
        file = tmp_path / "data" / "volume" / "data.mdb"
        unlimited = resource.prlimit(broker.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(broker.pid, resource.RLIMIT_FSIZE, (file.stat().st_size + 50_000, unlimited[1]))
        refused, answers = 0, []
        while refused < 5:
            datas = [bytes([refused]) * 30_000] * 20
            try:
                await client.put("s", ["k"] * 20, datas)
                kept += datas
            except ApiError as error:
                answers.append((error.status, error.error_code))
                refused += 1
            answer = await client.read("s", "shardId-000000000000")
            assert [data for chunk in answer["chunks"] for data in chunk[4]] == kept
        assert answers == [(507, "storage_full")] * 5
        resource.prlimit(broker.pid, resource.RLIMIT_FSIZE, unlimited)
        await client.put("s", ["k"], [b"after"])
        kept.append(b"after")
    await broker.kill()
    broker = await start()
    assert [data for _, data in (await all_records(broker.url))["shardId-000000000000"]] == kept
    code, stderr = await broker.stop()
    assert (code, stderr) == (0, "")


# ---------------------------------------------------------------- leaving in order


async def test_sigterm_answers_what_is_in_progress(start: Starter) -> None:
    broker = await start()
    writers = [Writer(f"w{i}", is_producer=True) for i in range(8)]
    enough = asyncio.Event()
    async with Client(broker.url) as client:
        await client.create_stream("s", shards=SHARDS)
        polls = [
            asyncio.create_task(client.read("s", f"shardId-{i:012d}", "index:1000000", wait_ms=25_000))
            for i in range(SHARDS)
        ]
        work = [asyncio.create_task(writer.run(client, lambda: enough.set())) for writer in writers]
        await enough.wait()
        code, stderr = await broker.stop()
        await asyncio.gather(*work)
        for answer in await asyncio.gather(*polls):
            assert answer["chunks"] == []
    assert code == 0
    assert "Traceback" not in stderr
    broker = await start()
    await retry_pending(broker, writers)
    check(await all_records(broker.url), writers)


async def test_sigint_too(start: Starter) -> None:
    broker = await start()
    assert await broker.stop(signal.SIGINT) == (0, "")


# ---------------------------------------------------------------- two on one folder


async def test_a_second_broker_says_who_has_the_folder(start: Starter) -> None:
    broker = await start()
    with pytest.raises(AssertionError, match=rf"in use by another broker \(process {broker.pid}\)"):
        await start()
    async with Client(broker.url) as client:
        await client.create_stream("s")
