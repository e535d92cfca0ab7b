"""Python clients that write as fast as they can (`python -m bench.producers`): our Producer, and redis-py pipelines.

Both write the same keys and data, both wait at the end until everything written is on the server's disk.
"""

from __future__ import annotations

import importlib
import random
import sys
import time
from collections.abc import Iterator
from itertools import cycle

import msgspec
import uvloop

from bench.wire import HOST, random_keys

PIPELINE_COMMANDS = 500
_DIFFERENT_RECORDS = 4096


class ProducerPlan(msgspec.Struct, kw_only=True, frozen=True):
    client: str  # "streamcore" or "redis"
    port: int
    stream: str
    seconds: float
    warmup_seconds: float
    record_bytes: int = 100


class ProducerResult(msgspec.Struct, kw_only=True):
    records: int
    seconds: float  # until the last of them was acknowledged


def _batches(plan: ProducerPlan) -> Iterator[list[tuple[str, bytes]]]:
    """Batches of the same records for both clients, made before the clock starts."""
    rng = random.Random(1)
    records = [(key, rng.randbytes(plan.record_bytes)) for key in random_keys(rng, _DIFFERENT_RECORDS)]
    starts = range(0, _DIFFERENT_RECORDS - PIPELINE_COMMANDS, PIPELINE_COMMANDS)
    return cycle([records[start : start + PIPELINE_COMMANDS] for start in starts])


async def _produce_streamcore(plan: ProducerPlan) -> ProducerResult:
    from streamcore.client import Producer  # each client is imported by the process that measures it

    batches = _batches(plan)
    async with Producer(f"http://{HOST}:{plan.port}", plan.stream) as producer:

        async def produce(seconds: float) -> ProducerResult:
            started, records = time.monotonic(), 0
            while time.monotonic() - started < seconds:
                for key, data in next(batches):
                    await producer.put(key, data)
                records += PIPELINE_COMMANDS
            await producer.flush()
            return ProducerResult(records=records, seconds=time.monotonic() - started)

        await produce(plan.warmup_seconds)
        return await produce(plan.seconds)


def _produce_redis(plan: ProducerPlan) -> ProducerResult:
    batches = _batches(plan)
    client = importlib.import_module("redis").Redis(host=HOST, port=plan.port)

    def produce(seconds: float) -> ProducerResult:
        started, records = time.monotonic(), 0
        while time.monotonic() - started < seconds:
            pipeline = client.pipeline(transaction=False)
            for key, data in next(batches):
                pipeline.xadd(plan.stream, {"key": key, "data": data})
            records += len(pipeline.execute())
        return ProducerResult(records=records, seconds=time.monotonic() - started)

    produce(plan.warmup_seconds)
    result = produce(plan.seconds)
    client.close()
    return result


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=ProducerPlan)
    result = _produce_redis(plan) if plan.client == "redis" else uvloop.run(_produce_streamcore(plan))
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
