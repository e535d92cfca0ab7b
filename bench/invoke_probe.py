"""Warm invocations from an embedder (`python -m bench.invoke_probe`, a `WarmPlan` on stdin, a `WarmResult` on stdout):
a broker in memory, a @function that returns its event, workers started ahead; 1 KiB payloads."""

from __future__ import annotations

import asyncio
import os
import sys
import time

import msgspec
import uvloop

from bench.histogram import Histogram
from runtime import function
from runtime.app import Functions
from streamcore.broker import open_broker

EVENT = msgspec.json.encode("x" * 1022)


class WarmPlan(msgspec.Struct, kw_only=True, frozen=True):
    callers: int
    seconds: float
    warmup_seconds: float


class WarmResult(msgspec.Struct, kw_only=True):
    invocations: int
    seconds: float
    latency_ns: dict[str, list[list[int]]]  # bench.histogram


@function(name="bench-echo", timeout_s=30)
def echo(event: object, context: object) -> object:
    return event


async def run(plan: WarmPlan) -> WarmResult:
    workers = os.cpu_count() or 1
    histogram, count = Histogram(), 0
    async with open_broker(None) as broker, Functions(broker, workers=workers) as functions:
        await functions.warm(echo, min(workers, plan.callers))
        began_ns = time.monotonic_ns() + round(plan.warmup_seconds * 1e9)
        until_ns = began_ns + round(plan.seconds * 1e9)

        async def caller() -> None:
            nonlocal count
            while (sent_ns := time.monotonic_ns()) < until_ns:
                outcome = await functions.invoke("bench-echo", EVENT)
                if outcome.payload != EVENT:
                    raise RuntimeError(f"the function did not answer with its event: {outcome!r:.500}")
                answered_ns = time.monotonic_ns()
                if began_ns <= sent_ns and answered_ns < until_ns:
                    histogram.record(answered_ns - sent_ns)
                    count += 1

        await asyncio.gather(*(caller() for _ in range(plan.callers)))
    return WarmResult(invocations=count, seconds=plan.seconds, latency_ns=histogram.to_json())


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=WarmPlan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(run(plan))))


if __name__ == "__main__":
    main()
