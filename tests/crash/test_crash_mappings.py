"""kill -9 of the broker and of workers in mid-batch, ten lanes a shard, splits and merges, failing batches: every
record at least once, none out of order within its key, no position ahead of its function."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from runtime.mappings.mapping import consumer_name
from runtime.model.filtering import lane_of
from streamcore.broker import Broker, open_broker

ROOT = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("mapping_child.py")
FACTOR = 10
#: Seconds of the long run.
SOAK_S = float(os.environ.get("STREAMCORE_SOAK_SECONDS", "300"))


async def held(broker: Broker, shard: str, end: int) -> list[tuple[int, bytes, bytes]]:
    """Index, key and data of what a shard has before an index."""
    found: list[tuple[int, bytes, bytes]] = []
    at: int | None = 0
    while at is not None and at < end:
        result = await broker.read("s", shard, at)
        for chunk in result.chunks:
            found += zip(range(chunk.first_index, chunk.next_index), chunk.keys, chunk.datas, strict=True)
        at = None if result.next_index == at else result.next_index
    return [row for row in found if row[0] < end]


class Run:
    """A folder, what was acknowledged in it, and what the function noted."""

    def __init__(self, folder: Path) -> None:
        self.data, self.notes, self.log = folder / "data", folder / "notes", folder / "log"
        self.acknowledged: set[str] = set()

    def child(self, round_: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(CHILD), str(self.data), str(self.notes), round_]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self.log.open("w") as log:
            return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)

    def until_killed(self, round_: int, lines: int) -> None:
        with self.child(str(round_)) as child:
            assert child.stdout is not None
            try:
                for count, line in enumerate(child.stdout):
                    if line.endswith("\n"):
                        self.acknowledged.add(line.removeprefix("put ").rstrip())
                    if count == lines:
                        child.kill()
            finally:
                child.kill()
        assert child.returncode == -9, self.log.read_text()[-3000:]

    def drain(self) -> None:
        with self.child("drain") as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "drained\n"
            child.kill()

    def noted(self) -> list[str]:
        """Whole lines, in order; one that a kill cut off was not handled."""
        lines = self.notes.read_text().splitlines(keepends=True) if self.notes.exists() else []
        return [line.rstrip() for line in lines if line.endswith("\n")]

    def check_order(self) -> None:
        by_key: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for line in self.noted():
            key, _, number = line.partition(" ")
            by_key[key].setdefault(number)
        for key, numbers in by_key.items():
            assert all(a < b for a, b in pairwise(numbers)), key

    async def check_positions(self) -> None:
        """Whatever lies before a lane's position was noted."""
        noted = set(self.noted())
        async with open_broker(self.data, transition_ms=0) as broker:
            (uuid,) = await broker.documents("mapping")
            for lane in range(FACTOR):
                for shard, position in (await broker.checkpoints("s", consumer_name(uuid, lane))).items():
                    for index, key, data in await held(broker, shard, position):
                        if lane_of(key, FACTOR) == lane:
                            assert data.decode() in noted, (shard, lane, index, position)

    def check_end(self) -> None:
        self.drain()
        assert self.acknowledged <= set(self.noted())
        self.check_order()


async def kill_again_and_again(folder: Path, rounds: int, *, seconds: float = 0.0, check_each: int = 1) -> Run:
    """So many rounds, or as many as there is time for."""
    run, chance, deadline, round_ = Run(folder), random.Random(5), time.monotonic() + seconds, 0
    while round_ < rounds or time.monotonic() < deadline:
        await asyncio.to_thread(run.until_killed, round_, chance.randrange(30, 600))
        if round_ % check_each == 0:
            await run.check_positions()
        round_ += 1
    await asyncio.to_thread(run.check_end)
    return run


async def test_killed_in_mid_batch(tmp_path: Path) -> None:
    run = await kill_again_and_again(tmp_path, 3)
    assert len(run.noted()) >= len(run.acknowledged) > 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_killed_in_mid_batch_a_hundred_times(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, 100, check_each=5)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_order_for_five_minutes(tmp_path: Path) -> None:
    """STREAMCORE_SOAK_SECONDS makes it longer or shorter."""
    await kill_again_and_again(tmp_path, 1, seconds=SOAK_S, check_each=10)
