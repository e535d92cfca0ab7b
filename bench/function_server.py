"""A broker with a function mapped, for `handler-latency`: `latency_handler` on what `streamcore serve` runs."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

import msgspec
import uvloop

from bench import latency_handler
from runtime import function
from runtime.registry import spec_of
from streamcore.composition import Composition
from streamcore.config import settings

STREAM = "latency"


async def _serve(port: int, data: Path, entries: Path, shards: int) -> None:
    composition = await Composition.start(settings(port=port, data=str(data), limits="off", workers=4))
    await composition.broker.create_stream(STREAM, shards=shards)
    handler = function(name="bench-latency", timeout_s=30)(latency_handler.handler)
    spec = msgspec.structs.replace(spec_of(handler), environment={"BENCH_ENTRIES_FILE": str(entries)})
    await composition.functions.warm(spec, shards)
    await composition.functions.map(STREAM, spec)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f"ready on {composition.url}", flush=True)
    await stop.wait()
    await composition.stop()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--entries", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=4)
    arguments = parser.parse_args()
    uvloop.run(_serve(arguments.port, arguments.data, arguments.entries, arguments.shards))


if __name__ == "__main__":
    main()
