"""From the command to the ready line, and the memory of a server that does nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.workload import Bench, Measurement, Metric, Side, Workload

_MIB = 1024 * 1024


def _start(program: str) -> Callable[[Bench], Measurement]:
    def measure(bench: Bench) -> Measurement:
        with bench.server(program) as server:
            time.sleep(bench.settings.settle_seconds)
            memory = server.memory_bytes()
        values = {
            "ready": server.ready_ms,
            "RssAnon": memory["RssAnon"] / _MIB,
            "VmRSS": memory["VmRSS"] / _MIB,
        }
        return Measurement(values)

    return measure


START = Workload(
    name="start",
    summary="start to ready, and the idle memory two seconds later",
    metrics=[
        Metric("ready", "ms", higher_is_better=False),
        Metric("RssAnon", "MiB", higher_is_better=False),
        Metric("VmRSS", "MiB", higher_is_better=False),
    ],
    sides=[
        Side("streamcore", "streamcore", _start("streamcore")),
        Side("kinesalite", "kinesalite", _start("kinesalite")),
    ],
)
