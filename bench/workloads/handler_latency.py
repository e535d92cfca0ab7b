"""How long after a put was acknowledged its handler was entered, in a warm worker.

Through the public API only: CreateFunction, CreateEventSourceMapping, then PutRecord in an open loop. All clocks are
CLOCK_REALTIME of one machine.
"""

from __future__ import annotations

import base64
import io
import time
import zipfile
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec

from bench import latency_handler
from bench.child import LoadError
from bench.control import CallError, Client
from bench.histogram import Histogram
from bench.load import LoadPlan, LoadResult
from bench.wire import authorization
from bench.workload import Bench, Measurement, Metric, Side, Workload
from bench.workloads.puts import SHARDS

RATE_PER_S = 500
_CONNECTIONS = 16
_RECORD_BYTES = 100
_FUNCTION = "bench-latency"
_API = "/2015-03-31"
_DELIVERY_TIMEOUT_SECONDS = 30.0


def _zipped_handler() -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", Path(latency_handler.__file__).read_text())
    return base64.b64encode(buffer.getvalue()).decode()


def _post(client: Client, path: str, body: dict[str, object]) -> Any:
    headers = {"Content-Type": "application/json", **authorization("lambda")}
    status, answer = client.post(_API + path, headers, body)
    if status not in (HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
        raise CallError(f"{path}: {status} {answer[:300]!r}")
    return msgspec.json.decode(answer)


def _create_function(client: Client, entries: Path) -> None:
    function: dict[str, object] = {
        "FunctionName": _FUNCTION,
        "Runtime": "python3.11",
        "Role": "arn:aws:iam::000000000000:role/bench",
        "Handler": "handler.handler",
        "Code": {"ZipFile": _zipped_handler()},
        "Timeout": 30,
        "Environment": {"Variables": {"BENCH_ENTRIES_FILE": str(entries)}},
    }
    _post(client, "/functions", function)


def _create_mapping(client: Client, stream: str) -> None:
    summary = client.call("DescribeStreamSummary", StreamName=stream)["StreamDescriptionSummary"]
    mapping: dict[str, object] = {
        "EventSourceArn": summary["StreamARN"],
        "FunctionName": _FUNCTION,
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 100,
    }
    _post(client, "/event-source-mappings", mapping)


def _plan(bench: Bench, port: int, stream: str, is_warmup: bool) -> LoadPlan:
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


def _await(entries: Path, is_done: Callable[[list[str]], bool]) -> list[str]:
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


def _measurement(result: LoadResult, lines: list[str]) -> Measurement:
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
    with bench.fresh_folder() as folder, bench.server("streamcore") as server, Client(server.port) as client:
        entries = folder / "entries"
        stream = client.create_stream(SHARDS)
        _create_function(client, entries)
        _create_mapping(client, stream)
        bench.load(_plan(bench, server.port, stream, is_warmup=True))
        _await(entries, lambda lines: len(lines) > 0)
        result = bench.load(_plan(bench, server.port, stream, is_warmup=False))
        lines = _await(entries, lambda lines: len(first_entries(lines)) >= result.requests)
    return _measurement(result, lines)


HANDLER_LATENCY = Workload(
    name="handler-latency",
    summary=f"put acknowledged to handler entered, warm worker, open loop at {RATE_PER_S}/s; whole: from the schedule",
    metrics=[
        Metric("p50", "ms", higher_is_better=False),
        Metric("p99", "ms", higher_is_better=False),
        Metric("p50 whole", "ms", higher_is_better=False),
        Metric("p99 whole", "ms", higher_is_better=False),
    ],
    sides=[Side("streamcore", "streamcore", _measure)],
)
