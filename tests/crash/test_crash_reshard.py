"""kill -9 while shards split and merge: what was acknowledged is there, in its shard, and no key is without a shard."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from streamcore.broker import open_broker
from streamcore.model.hashing import HASH_KEY_MAX
from streamcore.model.reshard import first_key
from streamcore.model.stream import StreamStatus

ROOT = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("resharding_child.py")
Acknowledged = dict[str, list[tuple[int, str, int]]]


def run_until_killed(folder: Path, seed: int, lines: int, acknowledged: Acknowledged) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(CHILD), str(folder), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        try:
            for count, line in enumerate(child.stdout):
                if line.startswith("put ") and line.endswith("\n"):
                    _, key, number, shard, sequence = line.split()
                    acknowledged[key].append((int(number), shard, int(sequence)))
                if count == lines:
                    child.kill()
        finally:
            child.kill()
    assert (child.returncode, count >= lines) == (-9, True)


async def check(folder: Path, acknowledged: Acknowledged) -> int:
    """Returns how many shards the stream has had."""
    async with open_broker(folder, transition_ms=0) as broker:
        await asyncio.gather(*broker._background)
        info = broker.describe_stream("s")
        assert info.status is StreamStatus.ACTIVE
        ordered = sorted(info.open_shards, key=first_key)
        borders = [first_key(shard) for shard in ordered] + [HASH_KEY_MAX + 1]
        assert borders[0] == 0
        assert [int(shard.last_hash_key) + 1 for shard in ordered] == borders[1:]
        found: Acknowledged = defaultdict(list)
        for shard in info.shards:
            for record in (await broker.read("s", shard.shard_id, 0, max_records=10_000)).records():
                found[record.partition_key].append((int(record.data), shard.shard_id, int(record.sequence_number)))
        for key, records in acknowledged.items():
            assert set(records) <= set(found[key])
        for records in found.values():
            assert [number for number, _, _ in records] == list(range(len(records)))
            assert [sequence for _, _, sequence in records] == sorted({sequence for _, _, sequence in records})
        return len(info.shards)


async def test_killed_again_and_again(tmp_path: Path) -> None:
    rng = random.Random(3)
    acknowledged: Acknowledged = defaultdict(list)
    shards = 2
    for seed in range(5):
        run_until_killed(tmp_path / "data", seed, rng.randrange(50, 400), acknowledged)
        before, shards = shards, await check(tmp_path / "data", acknowledged)
        assert shards > before
