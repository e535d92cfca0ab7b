"""A broker with mappings in one process, for `mapping-throughput` and `mappings-idle`: a plan on stdin, what was
measured on stdout."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from pathlib import Path

import msgspec
import uvloop

from bench import mapping_handler
from runtime import Functions, function
from streamcore import open_broker
from streamcore.broker import Broker

WORKERS = 2
_PUT_RECORDS = 500


class MappingPlan(msgspec.Struct):
    """`folder` is empty; `records` of `record_bytes` are there before the mapping begins; without records `mappings`
    idle mappings, each on a shard of its own stream, are watched for `seconds`."""

    folder: str
    shards: int = 4
    records: int = 0
    record_bytes: int = 100
    batch_size: int = 500
    mappings: int = 0
    seconds: float = 0.0


class MappingResult(msgspec.Struct):
    """`cpu_seconds` are the broker's, `worker_cpu_seconds` those of all its workers."""

    seconds: float
    cpu_seconds: float
    worker_cpu_seconds: float = 0.0
    batches: int = 0


async def _throughput(plan: MappingPlan, broker: Broker, functions: Functions) -> MappingResult:
    await broker.create_stream("s", shards=plan.shards)
    data = bytes(plan.record_bytes)
    for first in range(0, plan.records, _PUT_RECORDS):
        keys = [f"key-{number % 997}" for number in range(first, min(first + _PUT_RECORDS, plan.records))]
        await broker.put_records("s", keys, [data] * len(keys))
    spec = function(name="bench-batches", timeout_s=60)(mapping_handler.handler)
    await functions.warm(spec, WORKERS)
    started, cpu = time.perf_counter(), time.process_time()
    mapping = await functions.map("s", spec, batch_size=plan.batch_size)
    await mapping.drained()
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    return MappingResult(seconds, cpu_seconds, batches=sum(stats.batches for stats in mapping.stats.values()))


async def _idle(plan: MappingPlan, broker: Broker, functions: Functions) -> MappingResult:
    for number in range(plan.mappings):
        await broker.create_stream(f"s{number}", shards=1)
        spec = function(name=f"bench-{number}")(mapping_handler.handler)
        await functions.map(f"s{number}", spec)
    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(plan.seconds)
    return MappingResult(time.perf_counter() - started, time.process_time() - cpu)


async def _run(plan: MappingPlan) -> MappingResult:
    async with (
        open_broker(Path(plan.folder), limits="off", shard_quota=10_000) as broker,
        Functions(broker, workers=WORKERS) as functions,
    ):
        result = await (_throughput if plan.records else _idle)(plan, broker, functions)
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    result.worker_cpu_seconds = workers.ru_utime + workers.ru_stime
    return result


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=MappingPlan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_run(plan))))


if __name__ == "__main__":
    main()
