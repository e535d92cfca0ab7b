"""Objects: large ones streamed in and out, many small ones put."""

from __future__ import annotations

from collections.abc import Callable

from bench.child import run_child
from bench.load import LoadPlan
from bench.object_probe import BUCKET, ObjectPlan, ObjectResult, Talk
from bench.workload import Bench, Measurement, Metric, Side, Workload

_MB = 1e6
_SMALL_BYTES = 1024
_CONNECTIONS = 32
_SETUP_SECONDS = 60.0


def _streamed(program: str) -> Callable[[Bench], Measurement]:
    def measure(bench: Bench) -> Measurement:
        settings = bench.settings
        with bench.server(program) as server:
            plan = ObjectPlan(
                port=server.port,
                size_bytes=settings.object_bytes,
                seconds=settings.seconds,
                warmup_seconds=settings.warmup_seconds,
            )
            timeout = 2 * (settings.seconds + settings.warmup_seconds) + _SETUP_SECONDS
            result = run_child("bench.object_probe", plan, ObjectResult, timeout)
        return Measurement({"put": result.put_bytes_per_s / _MB, "get": result.get_bytes_per_s / _MB})

    return measure


OBJECTS_STREAM = Workload(
    name="objects-stream",
    summary="S3 objects of 64 MB, one connection, put and then got",
    metrics=[Metric("put", "MB/s", least=150), Metric("get", "MB/s", least=400)],
    sides=[
        Side("streamcore", "streamcore", _streamed("streamcore")),
        Side("moto", "moto", _streamed("moto")),
    ],
)


def _small(program: str) -> Callable[[Bench], Measurement]:
    def measure(bench: Bench) -> Measurement:
        with bench.server(program) as server:
            Talk(server.port).ask("PUT", f"/{BUCKET}")
            result = bench.load(
                LoadPlan(
                    port=server.port,
                    kind="put-object",
                    stream=BUCKET,
                    connections=_CONNECTIONS,
                    seconds=bench.settings.seconds,
                    warmup_seconds=bench.settings.warmup_seconds,
                    record_bytes=_SMALL_BYTES,
                    different_requests=4096,
                )
            )
        return Measurement({"puts": result.records / result.seconds})

    return measure


def _small_by_threads(program: str) -> Callable[[Bench], Measurement]:
    """moto's server closes the connection with each answer, which the other load does not put up with."""

    def measure(bench: Bench) -> Measurement:
        settings = bench.settings
        with bench.server(program) as server:
            Talk(server.port).ask("PUT", f"/{BUCKET}")
            plan = ObjectPlan(
                port=server.port,
                size_bytes=_SMALL_BYTES,
                seconds=settings.seconds,
                warmup_seconds=settings.warmup_seconds,
                connections=_CONNECTIONS,
            )
            timeout = settings.seconds + settings.warmup_seconds + _SETUP_SECONDS
            result = run_child("bench.object_probe", plan, ObjectResult, timeout)
        return Measurement({"puts": result.puts_per_s})

    return measure


OBJECTS_SMALL = Workload(
    name="objects-small",
    summary=f"PutObject of 1 KiB, synced, {_CONNECTIONS} connections",
    metrics=[Metric("puts", "/s", least=1_500)],
    sides=[
        Side("streamcore", "streamcore", _small("streamcore")),
        Side("moto", "moto", _small_by_threads("moto")),
    ],
)
