"""Puts: throughput in a closed loop, latency in an open one."""

from __future__ import annotations

from collections.abc import Callable

from bench.control import create_stream
from bench.histogram import Histogram
from bench.load import LoadPlan, LoadResult
from bench.wire import KINDS
from bench.workload import Bench, Measurement, Metric, Side, Workload

SHARDS = 4
RECORD_BYTES = 100
BATCH_RECORDS = 500
BATCH_CONNECTIONS = 16
SINGLE_CONNECTIONS = 64
LATENCY_RATE_PER_S = 500.0


def _plan(bench: Bench, kind: str, port: int, rate_per_s: float | None = None) -> LoadPlan:
    is_single = kind == "put-record"
    return LoadPlan(
        port=port,
        kind=kind,
        stream=create_stream(port, SHARDS),
        seconds=bench.settings.seconds,
        warmup_seconds=bench.settings.warmup_seconds,
        record_bytes=RECORD_BYTES,
        rate_per_s=rate_per_s,
        connections=SINGLE_CONNECTIONS if is_single else BATCH_CONNECTIONS,
        records_per_request=1 if is_single else BATCH_RECORDS,
    )


def _load_notes(result: LoadResult) -> dict[str, object]:
    return {
        "requests": result.requests,
        "records_by_second": result.records_by_second,
        "load_cpu_seconds": round(result.cpu_seconds, 3),
    }


def _throughput(kind: str, program: str) -> Callable[[Bench], Measurement]:
    def measure(bench: Bench) -> Measurement:
        with bench.server(program) as server:
            result = bench.load(_plan(bench, kind, server.port))
        return Measurement({"throughput": result.records / result.seconds}, notes=_load_notes(result))

    return measure


def _latency(program: str) -> Callable[[Bench], Measurement]:
    def measure(bench: Bench) -> Measurement:
        with bench.server(program) as server:
            result = bench.load(_plan(bench, "put-record", server.port, LATENCY_RATE_PER_S))
        latency = Histogram.from_json(result.latency_ns)
        values = {"p50": latency.percentile(50) / 1e6, "p99": latency.percentile(99) / 1e6}
        return Measurement(values, latency, _load_notes(result))

    return measure


def _ceilings(bench: Bench) -> Measurement:
    return Measurement({kind: _throughput(kind, "null")(bench).values["throughput"] for kind in KINDS})


PUT_RECORDS_JSON = Workload(
    name="put-records-json",
    summary=f"PutRecords as JSON, {BATCH_RECORDS} x {RECORD_BYTES} B, {BATCH_CONNECTIONS} connections, {SHARDS} shards",
    metrics=[Metric("throughput", "rec/s", bar=15)],
    sides=[
        Side("streamcore", "streamcore", _throughput("put-records", "streamcore")),
        Side("kinesalite", "kinesalite", _throughput("put-records", "kinesalite")),
    ],
)

PUT_RECORD = Workload(
    name="put-record",
    summary=f"PutRecord as JSON, {RECORD_BYTES} B, {SINGLE_CONNECTIONS} connections, {SHARDS} shards",
    metrics=[Metric("throughput", "rec/s", bar=2)],
    sides=[
        Side("streamcore", "streamcore", _throughput("put-record", "streamcore")),
        Side("kinesalite", "kinesalite", _throughput("put-record", "kinesalite")),
    ],
)

PUT_LATENCY = Workload(
    name="put-latency",
    summary=f"PutRecord at {LATENCY_RATE_PER_S:.0f}/s, open loop: scheduled to acknowledged",
    metrics=[Metric("p50", "ms", higher_is_better=False), Metric("p99", "ms", higher_is_better=False)],
    sides=[
        Side("streamcore", "streamcore", _latency("streamcore")),
        Side("kinesalite", "kinesalite", _latency("kinesalite")),
    ],
)

NATIVE_PUT = Workload(
    name="native-put",
    summary=f"native msgpack put against our own PutRecords, {BATCH_RECORDS} x {RECORD_BYTES} B",
    metrics=[Metric("throughput", "rec/s", bar=1.5)],
    sides=[
        Side("native", "streamcore", _throughput("native-put", "streamcore")),
        Side("json", "streamcore", _throughput("put-records", "streamcore")),
    ],
)

CEILING = Workload(
    name="ceiling",
    summary="the load generator against a server that does nothing: what it could send at most",
    metrics=[Metric(kind, "rec/s") for kind in KINDS],
    sides=[Side("null server", "null", _ceilings)],
)
