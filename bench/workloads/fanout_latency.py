"""How long after a put was acknowledged a client that is subscribed to the shard has received the record.

PutRecord in an open loop over HTTP/1.1; the subscriber (`bench.subscriber`) is a process of its own, over HTTP/1.1 or
HTTP/2. All clocks are CLOCK_REALTIME of one machine. The bar: p50 of at most 3 ms.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.child import LoadError
from bench.control import create_stream
from bench.servers import ROOT
from bench.workload import Bench, Measurement, Metric, Side, Workload
from bench.workloads.handler_latency import RATE_PER_S, await_entries, first_entries, measurement, plan

_SHARDS = 4


@contextmanager
def _subscribed(port: int, stream: str, entries: Path, http: int) -> Iterator[None]:
    """A subscriber while the block runs; it is subscribed to all shards when the block begins."""
    options = {"port": port, "stream": stream, "shards": _SHARDS, "entries": entries, "http": http}
    command = [sys.executable, "-m", "bench.subscriber"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != "ready\n":
            raise LoadError("the subscriber did not become ready")
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _over(http: int) -> Callable[[Bench], Measurement]:
    def measure(bench: Bench) -> Measurement:
        with bench.fresh_folder() as folder, bench.server_over("streamcore", folder) as server:
            entries = folder / "entries"
            stream = create_stream(server.port, _SHARDS)
            with _subscribed(server.port, stream, entries, http):
                bench.load(plan(bench, server.port, stream, is_warmup=True))
                result = bench.load(plan(bench, server.port, stream, is_warmup=False))
                lines = await_entries(entries, lambda lines: len(first_entries(lines)) >= result.requests)
        return measurement(result, lines)

    return measure


FANOUT_LATENCY = Workload(
    name="fanout-latency",
    summary=f"put acknowledged to event received, one subscriber, open loop at {RATE_PER_S}/s; whole: from schedule",
    metrics=[
        Metric("p50", "ms", higher_is_better=False),
        Metric("p99", "ms", higher_is_better=False),
        Metric("p50 whole", "ms", higher_is_better=False),
        Metric("p99 whole", "ms", higher_is_better=False),
    ],
    sides=[Side("streamcore", "streamcore", _over(1)), Side("streamcore-http2", "streamcore", _over(2))],
)
