"""How long after a put was acknowledged its handler was entered, in a warm worker.

PutRecord in an open loop over HTTP; the function is mapped by `bench.function_server`. All clocks are CLOCK_REALTIME of
one machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench.child import LoadError
from bench.function_server import STREAM
from bench.histogram import Histogram
from bench.load import LoadPlan, LoadResult
from bench.workload import Bench, Measurement, Metric, Side, Workload

RATE_PER_S = 500
_CONNECTIONS = 16
_RECORD_BYTES = 100
_DELIVERY_TIMEOUT_SECONDS = 30.0


def plan(bench: Bench, port: int, stream: str, is_warmup: bool) -> LoadPlan:
    seconds = max(bench.settings.warmup_seconds, 1.0) if is_warmup else bench.settings.seconds
    return LoadPlan(
        port=port,
        kind="put-record",
        stream=stream,
        connections=_CONNECTIONS,
        seconds=seconds,
        record_bytes=_RECORD_BYTES,
        rate_per_s=RATE_PER_S,
        numbered=not is_warmup,
        different_requests=64 if is_warmup else round(seconds * RATE_PER_S) + 1,
    )


def await_entries(entries: Path, is_done: Callable[[list[str]], bool]) -> list[str]:
    deadline = time.monotonic() + _DELIVERY_TIMEOUT_SECONDS
    lines: list[str] = []
    while time.monotonic() < deadline:
        lines = entries.read_text().splitlines() if entries.exists() else []
        if is_done(lines):
            return lines
        time.sleep(0.05)
    raise LoadError(f"only {len(lines)} entries after {_DELIVERY_TIMEOUT_SECONDS:.0f} s")


def first_entries(lines: list[str]) -> dict[int, int]:
    """When each numbered record first reached a handler; delivery is at least once."""
    entered: dict[int, int] = {}
    for line in lines:
        number, _, at_ns = line.partition(" ")
        if at_ns:
            entered[int(number)] = min(int(at_ns), entered.get(int(number), int(at_ns)))
    return entered


def latencies(since_ns: list[int], entered: dict[int, int]) -> Histogram:
    """From `since_ns` to the entry, by record number.

    The client may read an acknowledgement after the handler was entered: that counts as 0.
    """
    histogram = Histogram()
    for number, at_ns in entered.items():
        histogram.record(max(0, at_ns - since_ns[number]))
    return histogram


def measurement(result: LoadResult, lines: list[str]) -> Measurement:
    entered = first_entries(lines)
    after_put = latencies(result.answered_at_ns, entered)
    whole = latencies(result.scheduled_at_ns, entered)
    values = {
        "p50": after_put.percentile(50) / 1e6,
        "p99": after_put.percentile(99) / 1e6,
        "p50 whole": whole.percentile(50) / 1e6,
        "p99 whole": whole.percentile(99) / 1e6,
    }
    return Measurement(values, after_put, {"records": len(entered), "latency_histogram_whole_ns": whole.to_json()})


def _measure(bench: Bench) -> Measurement:
    with bench.fresh_folder() as folder, bench.server_over("streamcore-function", folder) as server:
        entries = folder / "entries"
        bench.load(plan(bench, server.port, STREAM, is_warmup=True))
        await_entries(entries, lambda lines: len(lines) > 0)
        result = bench.load(plan(bench, server.port, STREAM, is_warmup=False))
        lines = await_entries(entries, lambda lines: len(first_entries(lines)) >= result.requests)
    return measurement(result, lines)


HANDLER_LATENCY = Workload(
    name="handler-latency",
    summary=f"put acknowledged to handler entered, warm worker, open loop at {RATE_PER_S}/s; whole: from the schedule",
    metrics=[
        Metric("p50", "ms", higher_is_better=False),
        Metric("p99", "ms", higher_is_better=False),
        Metric("p50 whole", "ms", higher_is_better=False),
        Metric("p99 whole", "ms", higher_is_better=False),
    ],
    sides=[Side("streamcore", "streamcore-function", _measure)],
)
