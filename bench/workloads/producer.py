"""The Python producer against redis-py, both synced on the server."""

from __future__ import annotations

from collections.abc import Callable

from bench.child import run_child
from bench.control import create_stream
from bench.producers import PIPELINE_COMMANDS, ProducerPlan, ProducerResult
from bench.workload import Bench, Measurement, Metric, Side, Workload

_TIMEOUT_SECONDS = 120.0


def _produce(program: str) -> Callable[[Bench], Measurement]:
    def measure(bench: Bench) -> Measurement:
        with bench.server(program) as server:
            plan = ProducerPlan(
                client=program,
                port=server.port,
                stream=create_stream(server.port, 4) if program == "streamcore" else "bench",
                seconds=bench.settings.seconds,
                warmup_seconds=bench.settings.warmup_seconds,
            )
            result = run_child("bench.producers", plan, ProducerResult, _TIMEOUT_SECONDS)
        return Measurement({"throughput": result.records / result.seconds}, notes={"records": result.records})

    return measure


PRODUCER = Workload(
    name="producer",
    summary=f"streamcore.client.Producer against redis-py pipelines of {PIPELINE_COMMANDS} XADD, appendfsync always",
    metrics=[Metric("throughput", "rec/s", bar=2)],
    sides=[
        Side("streamcore", "streamcore", _produce("streamcore")),
        Side("redis", "redis", _produce("redis")),
    ],
)
