"""What a worker costs: `python -m bench.workers_probe` prints JSON; times in milliseconds, medians of rounds."""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from runtime.model.function import FunctionSpec
from runtime.workers.pool import WorkerPool

HANDLER = """
import time

def entered(event, context):
    return time.monotonic()

def nothing(event, context):
    return None
"""
EVENT = json.dumps("x" * 1022).encode()


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the sorted values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def cold_starts_ms(pool: WorkerPool, spec: FunctionSpec, rounds: int) -> list[float]:
    """From the call of `invoke` to the handler's first line; the worker is retired after each round."""
    times = []
    for _ in range(rounds):
        start = time.monotonic()
        outcome = await pool.invoke(spec, b"null")
        times.append((float(outcome.payload) - start) * 1000)
        pool.retire(spec.qualified_arn)
    return times


def fresh_interpreter_ms(folder: Path, rounds: int) -> list[float]:
    """The same without a zygote: a new interpreter that imports what a worker has, and the handler."""
    code = "import runtime.workers.child, handler; print(handler.entered(None, None))"
    times = []
    for _ in range(rounds):
        start = time.monotonic()
        path = f"{folder}:{Path(__file__).resolve().parents[1]}"
        done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, check=True)
        times.append((float(done.stdout) - start) * 1000)
    return times


async def warm_ms(pool: WorkerPool, spec: FunctionSpec, rounds: int) -> list[float]:
    """Round trips of one small event after the other."""
    times = []
    for _ in range(rounds):
        start = time.monotonic()
        await pool.invoke(spec, b"null")
        times.append((time.monotonic() - start) * 1000)
    return times


async def events_per_s(pool: WorkerPool, spec: FunctionSpec, count: int) -> float:
    """Invokes of a 1 KB event by four callers at a time."""
    left = iter(range(count))

    async def caller() -> None:
        for _ in left:
            await pool.invoke(spec, EVENT)

    start = time.monotonic()
    await asyncio.gather(*(caller() for _ in range(4)))
    return count / (time.monotonic() - start)


async def probe(rounds: int = 5) -> dict[str, float]:
    """All figures; each is the median over interleaved rounds."""
    results: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "handler.py").write_text(HANDLER)
        entered = FunctionSpec(name="entered", handler="handler.entered", paths=(name,))
        nothing = FunctionSpec(name="nothing", handler="handler.nothing", paths=(name,))
        for _ in range(rounds):
            async with WorkerPool(2) as pool:
                cold = await cold_starts_ms(pool, entered, 40)
            fresh = await asyncio.to_thread(fresh_interpreter_ms, folder, 5)
            async with WorkerPool(2) as pool:
                await pool.warm(nothing, 2)
                warm = await warm_ms(pool, nothing, 2000)
                rate = await events_per_s(pool, nothing, 8000)
            figures = {
                "cold_start_p50_ms": percentile(cold, 0.5),
                "fresh_interpreter_p50_ms": percentile(fresh, 0.5),
                "warm_p50_ms": percentile(warm, 0.5),
                "warm_p99_ms": percentile(warm, 0.99),
                "events_1kb_per_s": rate,
            }
            for figure, value in figures.items():
                results.setdefault(figure, []).append(value)
    return {figure: round(statistics.median(values), 3) for figure, values in results.items()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(probe()), indent=2))
