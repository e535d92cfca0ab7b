"""Memory of the broker while gigabytes go in: whether it grows with what was stored."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.control import create_stream
from bench.load import LoadPlan
from bench.servers import Server
from bench.stats import slope
from bench.workload import Bench, Measurement, Metric, Side, Workload
from bench.workloads.puts import BATCH_CONNECTIONS, BATCH_RECORDS, RECORD_BYTES, SHARDS

MOST_SECONDS = 900.0
_WARMUP_SHARE = 0.25
_SAMPLES = 200
_MIB = 1024 * 1024

Sample = tuple[float, int, int]  # seconds, RssAnon, VmRSS


@contextmanager
def sampled(server: Server, every_seconds: float) -> Iterator[list[Sample]]:
    """Samples taken beside the block, from its start to its end."""
    samples: list[Sample] = []
    stop = threading.Event()
    started = time.monotonic()

    def take() -> None:
        memory = server.memory_bytes()
        samples.append((time.monotonic() - started, memory["RssAnon"], memory["VmRSS"]))

    def take_until_stopped() -> None:
        while not stop.wait(every_seconds):
            take()

    take()
    thread = threading.Thread(target=take_until_stopped, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()
        take()


def growth(samples: list[Sample], stored_bytes: int) -> float:
    """MiB of RssAnon per GB stored, after the warm-up; the load is closed, so bytes stored go with the time."""
    seconds = samples[-1][0]
    points = [(at / seconds * stored_bytes / 1e9, anonymous / _MIB) for at, anonymous, _ in samples]
    return slope(points, _WARMUP_SHARE)


def _plan(bench: Bench, port: int) -> LoadPlan:
    return LoadPlan(
        port=port,
        kind="native-put",
        stream=create_stream(port, SHARDS),
        connections=BATCH_CONNECTIONS,
        seconds=MOST_SECONDS,
        records_per_request=BATCH_RECORDS,
        record_bytes=RECORD_BYTES,
        requests=max(1, bench.settings.memory_bytes // (BATCH_RECORDS * RECORD_BYTES)),
    )


def _measure(bench: Bench) -> Measurement:
    every_seconds = 0.05 if bench.settings.memory_bytes < 1e8 else 1.0
    with bench.server("streamcore") as server:
        plan = _plan(bench, server.port)
        with sampled(server, every_seconds) as samples:
            result = bench.load(plan)
    stored_bytes = result.records * RECORD_BYTES
    values = {
        "growth": growth(samples, stored_bytes),
        "most RssAnon": max(anonymous for _, anonymous, _ in samples) / _MIB,
        "most VmRSS": max(resident for _, _, resident in samples) / _MIB,
        "stored": stored_bytes / 1e9,
    }
    thinned = samples[:: max(1, len(samples) // _SAMPLES)]
    return Measurement(values, notes={"samples_seconds_rssanon_vmrss": thinned, "seconds": result.seconds})


MEMORY = Workload(
    name="memory",
    summary="broker memory while gigabytes of 100 B records go in; growth is after the first quarter",
    metrics=[
        Metric("growth", "MiB/GB", higher_is_better=False),
        Metric("most RssAnon", "MiB", higher_is_better=False),
        Metric("most VmRSS", "MiB", higher_is_better=False),
        Metric("stored", "GB"),
    ],
    sides=[Side("streamcore", "streamcore", _measure)],
    max_runs=1,
)
