"""`make demo`: a broker, a stream of four shards, a month of real flights over HTTP, a handler in worker processes.

It can be killed at any moment (`kill -9`) and started again: batches that were acknowledged are there, those put again
are recognised by their numbers, and the count at the end is that of the file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import uvloop

from examples.flights.data import airline_names, airport_names, flights
from examples.flights.handler import Counts, Summary, delayed_share, handler, mean_delay_minutes, merge
from runtime import function
from runtime.model.invocation import Outcome
from streamcore.client import ApiError, Client
from streamcore.composition import Composition
from streamcore.config import Settings, settings

STREAM = "flights"
SHARDS = 4
BATCH = 250
IN_FLIGHT = 4
PROGRESS_S = 0.5

delays = function(name="flight-delays", timeout_s=10)(handler)


class Progress:
    """What has happened so far, and the lines that say it."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.put = self.handled = self.batches = 0
        self.summary: Summary = merge([])
        self._started = time.monotonic()

    def outcome(self, shard_id: str, records: int, outcome: Outcome) -> None:
        """Hears of every invocation."""
        if outcome.ok:
            self.handled += records
            self.batches += 1
            self.summary = merge([self.summary, json.loads(outcome.payload)])

    async def show(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_S)
            self.line()

    def line(self) -> None:
        seconds = time.monotonic() - self._started
        print(
            f"  {seconds:5.1f} s   stored {self.put:6,} of {self.total:,} ({self.put / seconds:8,.0f}/s)"
            f"   handled {self.handled:6,} ({self.handled / seconds:8,.0f}/s) in {self.batches} batches"
        )


def batches_of(events: list[tuple[str, bytes]]) -> Iterator[tuple[int, list[str], list[bytes]]]:
    """(number, keys, data): the same numbers in every run, so that a batch counts once however often it is put."""
    for number, start in enumerate(range(0, len(events), BATCH)):
        part = events[start : start + BATCH]
        yield number, [key for key, _ in part], [data for _, data in part]


async def put_all(client: Client, events: list[tuple[str, bytes]], progress: Progress, rate: int | None) -> None:
    """Puts everything over HTTP/msgpack, some batches at a time; `rate` slows it down to so many a second."""
    slots = asyncio.Semaphore(IN_FLIGHT)
    started = time.monotonic()

    async def put(number: int, keys: list[str], data: list[bytes]) -> None:
        async with slots:
            try:
                await client.put(STREAM, keys, data, producer="flights-2013-01", batch=number)
            except ApiError as error:
                # So far back that its answer is no longer kept: it was stored, for these are put in order.
                if error.error_code != "producer_batch_too_old":
                    raise
            progress.put += len(keys)

    async with asyncio.TaskGroup() as group:
        for number, keys, data in batches_of(events):
            if rate:
                await asyncio.sleep(max(0.0, started + number * BATCH / rate - time.monotonic()))
            group.create_task(put(number, keys, data))


async def count_stored(composition: Composition) -> int:
    stored = 0
    for shard in composition.broker.describe_stream(STREAM).shards:
        index: int | None = 0
        while index is not None:
            result = await composition.broker.read(STREAM, shard.shard_id, index)
            stored += result.record_count
            index = result.next_index if result.record_count else None
    return stored


def show_table(title: str, rows: dict[str, Counts], names: dict[str, str]) -> None:
    print(f"\n  {title:<34}{'flights':>8}{'cancelled':>11}{'>15 min late':>14}{'mean delay':>12}")
    for code, counts in sorted(rows.items(), key=lambda row: -row[1]["flights"])[:8]:
        name = f"{code} {names.get(code, '')}"[:33]
        late, mean = f"{delayed_share(counts):.1%}", f"{mean_delay_minutes(counts):.1f} min"
        print(f"  {name:<34}{counts['flights']:>8,}{counts['cancelled']:>11,}{late:>14}{mean:>12}")


async def start(arguments: argparse.Namespace) -> Composition:
    """A broker on the port asked for, or on a free one when somebody else has it."""

    def wanted(port: int) -> Settings:
        return settings(data=str(arguments.data), port=port, limits="observe", workers=2)

    try:
        return await Composition.start(wanted(arguments.port))
    except OSError:
        print(f"  port {arguments.port} is taken, so a free one it is")
        return await Composition.start(wanted(0))


async def run(arguments: argparse.Namespace) -> int:
    composition = await start(arguments)
    try:
        return await show(composition, arguments)
    finally:
        await composition.stop()


async def find_stream(client: Client, composition: Composition) -> None:
    """Makes the stream, or goes on with the one of an earlier run unless its records have expired."""
    if STREAM in [stream["name"] for stream in await client.list_streams()]:
        stored = await count_stored(composition)
        if stored:
            print(f"stream {STREAM!r} is here from an earlier run, with {stored:,} records")
            return
        await client.delete_stream(STREAM)
    await client.create_stream(STREAM, shards=SHARDS)
    print(f"stream {STREAM!r} made, {SHARDS} shards")


async def show(composition: Composition, arguments: argparse.Namespace) -> int:
    print(f"broker on {composition.url}, data in {arguments.data}/, process {os.getpid()}")
    events = list(flights())
    progress = Progress(len(events))
    async with Client(composition.url) as client:
        await find_stream(client, composition)
        print(f"putting {len(events):,} flights of January 2013, keyed by tail number, {BATCH} a request:")
        # A mapping that a killed run left goes on where it was; the tables below want every record, so it begins anew.
        await composition.functions.unmap(await composition.functions.map(STREAM, delays))
        mapping = await composition.functions.map(STREAM, delays, batch_size=500, on_outcome=progress.outcome)
        shower = asyncio.create_task(progress.show())
        try:
            await put_all(client, events, progress, arguments.rate)
            await mapping.drained()
        finally:
            shower.cancel()
        progress.line()
        stored = await count_stored(composition)
        await composition.functions.unmap(mapping)
    show_table("by airline", progress.summary["by_carrier"], airline_names())
    show_table("by airport", progress.summary["by_airport"], airport_names())
    right = stored == len(events)
    verdict = "nothing missing, nothing twice" if right else "WRONG"
    print(f"\n{len(events):,} flights acknowledged, {stored:,} in the stream: {verdict}.")
    print("Kill it with -9 while it runs (slowed down by: python -m examples.flights --rate 3000) and start it again.")
    return 0 if right else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.flights", description=__doc__)
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--data", type=Path, default=Path("demo-data"), help="folder of the broker [demo-data]")
    parser.add_argument("--rate", type=int, help="events per second [as fast as it goes]")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    return uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
