"""A broker with one mapped function that notes what it handled, for test_crash_functions.py."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
from typing import Any

import msgspec
import uvloop

from runtime import function
from runtime.registry import spec_of
from streamcore.composition import Composition
from streamcore.config import settings


@function(name="notes", timeout_s=10)
def note(event: dict[str, Any], context: Any) -> None:
    """One line per record, in one write per batch: shard, sequence number, data."""
    lines = []
    for record in event["Records"]:
        shard, _, number = record["eventID"].partition(":")
        lines.append(f"{shard} {number} {base64.b64decode(record['kinesis']['data']).decode()}\n")
    descriptor = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, "".join(lines).encode())
    os.close(descriptor)


async def serve(data: str, notes: str) -> None:
    composition = await Composition.start(settings(port=0, data=data, limits="off", workers=2))
    if not composition.broker.list_streams():
        await composition.broker.create_stream("s", shards=3)
    spec = msgspec.structs.replace(spec_of(note), environment={"NOTES": notes})
    mapping = await composition.functions.map("s", spec, batch_size=20)

    async def report() -> None:
        await mapping.drained()
        print("drained", flush=True)

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: loop.create_task(report()))
    print(f"streamcore ready on {composition.url}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], sys.argv[2]))
