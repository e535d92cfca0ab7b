"""A broker that reshards while it is written to, until it is killed. Prints what was acknowledged, a line each."""

from __future__ import annotations

import asyncio
import random
import sys

from streamcore.broker import open_broker
from streamcore.model.reshard import first_key, middle


async def main(folder: str, seed: int) -> None:
    rng = random.Random(seed)
    async with open_broker(folder, transition_ms=0, limits="off") as broker:
        if not broker.list_streams():
            await broker.create_stream("s", shards=2)

        async def write(writer: int) -> None:
            number = 0
            while True:
                key = f"{seed}-{writer}"
                run = await broker.put_record("s", key, b"%d" % number)
                print(f"put {key} {number} {run.shard_id} {run.first_sequence}", flush=True)
                number += 1

        async def reshard() -> None:
            while True:
                ordered = sorted(broker.describe_stream("s").open_shards, key=first_key)
                at = rng.randrange(len(ordered))
                if len(ordered) > 6:
                    at = min(at, len(ordered) - 2)
                    await broker.merge_shards("s", ordered[at].shard_id, ordered[at + 1].shard_id)
                else:
                    await broker.split_shard("s", ordered[at].shard_id, str(middle(ordered[at])))
                print(f"shards {len(broker.describe_stream('s').shards)}", flush=True)

        await asyncio.gather(*(write(writer) for writer in range(4)), reshard())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
