"""A broker that puts, splits, merges, and feeds a function that fails and dies now and then, until it is killed.

`mapping_child.py FOLDER NOTES ROUND` says "put KEY ROUND:NUMBER" for each record that was acknowledged; with the round
"drain" it puts nothing, and says "drained".
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from runtime import Functions, function
from runtime.registry import spec_of
from streamcore import open_broker
from streamcore.broker import Broker
from streamcore.model.reshard import middle

KEYS = [f"k{number}" for number in range(23)]
PUTS_BETWEEN_CHANGES = 40
SHARDS_MAX = 4
FACTOR = 10


@function(name="notes", timeout_s=20)
def note(event: dict[str, Any], context: Any) -> None:
    """One line per record, in one write per half of the batch; in between it may fail, or be killed."""
    chance = random.random()  # forked workers begin with a seed of their own
    records = event["Records"]
    middle = len(records) // 2
    _write(records[:middle])
    if chance < 0.02:
        os.kill(os.getpid(), signal.SIGKILL)
    if chance < 0.06:
        raise ValueError("in the middle of a batch")
    _write(records[middle:])


def _write(records: list[Any]) -> None:
    text = "".join(f"{base64.b64decode(record['kinesis']['data']).decode()}\n" for record in records)
    descriptor = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, text.encode())
    os.close(descriptor)


async def reshard(broker: Broker, chance: random.Random) -> None:
    shards = sorted(broker.describe_stream("s").open_shards, key=lambda shard: int(shard.first_hash_key))
    at = chance.randrange(len(shards))
    if len(shards) < SHARDS_MAX and chance.random() < 0.5:
        await broker.split_shard("s", shards[at].shard_id, str(middle(shards[at])))
    elif at > 0:
        await broker.merge_shards("s", shards[at - 1].shard_id, shards[at].shard_id)


async def write(broker: Broker, round_: str) -> None:
    chance = random.Random(round_)
    number = 0
    while True:
        keys = chance.choices(KEYS, k=chance.randrange(1, 30))
        data = [f"{key} {int(round_):06d}:{number + i:06d}" for i, key in enumerate(keys)]
        await broker.put_records("s", keys, [each.encode() for each in data])
        print("".join(f"put {each}\n" for each in data), end="", flush=True)
        number += len(keys)
        if chance.randrange(PUTS_BETWEEN_CHANGES) == 0:
            await reshard(broker, chance)
        await asyncio.sleep(0.002)  # or the function would never come near the tip


async def run(folder: str, notes: str, round_: str) -> None:
    options = {"limits": "off", "transition_ms": 0, "durability": "os"}
    async with open_broker(Path(folder), **options) as broker, Functions(broker, workers=3) as functions:
        if not broker.list_streams():
            await broker.create_stream("s", shards=2)
        spec = msgspec.structs.replace(spec_of(note), environment={"NOTES": notes})
        mapping = await functions.map("s", spec, batch_size=8, parallelization_factor=FACTOR)
        if round_ == "drain":
            await mapping.drained()
            print("drained", flush=True)
        else:
            await write(broker, round_)


if __name__ == "__main__":
    uvloop.run(run(*sys.argv[1:]))
