"""Invoking functions: warm from an embedder, warm over HTTP, and cold by language."""

from __future__ import annotations

import base64
import io
import time
import zipfile
from collections.abc import Callable, Mapping

from bench.child import LoadError, run_child
from bench.cold_probe import KINDS, ColdPlan, ColdResult
from bench.control import Client
from bench.histogram import Histogram
from bench.invoke_probe import WarmPlan, WarmResult
from bench.load import LoadPlan
from bench.wire import authorization
from bench.workload import Bench, Measurement, Metric, Side, Workload

_PAYLOAD_BYTES = 1024
_CONNECTIONS = 16
_SETUP_SECONDS = 60.0
_ACTIVE_TIMEOUT_SECONDS = 30.0
_ECHO = "def handler(event, context):\n    return event\n"
_COLD_MOST_SECONDS = 10.0
_PYTHON_MOST_MS = 20.0
_NODE_MOST_MS = 150.0


# ------------------------------------------------------------ warm, embedded


def _warm(callers: int, bench: Bench) -> WarmResult:
    seconds, warmup_seconds = bench.settings.seconds, bench.settings.warmup_seconds
    plan = WarmPlan(callers=callers, seconds=seconds, warmup_seconds=warmup_seconds)
    return run_child("bench.invoke_probe", plan, WarmResult, seconds + warmup_seconds + _SETUP_SECONDS)


def _measure_warm(bench: Bench) -> Measurement:
    alone, together = _warm(1, bench), _warm(_CONNECTIONS, bench)
    latency = Histogram.from_json(alone.latency_ns)
    values = {
        "p50": latency.percentile(50) / 1e6,
        "p99": latency.percentile(99) / 1e6,
        "1 caller": alone.invocations / alone.seconds,
        f"{_CONNECTIONS} callers": together.invocations / together.seconds,
    }
    return Measurement(values, latency)


INVOKE_WARM = Workload(
    name="invoke-warm",
    summary="an embedder invokes a warm function, 1 KiB there and back; latency of one caller",
    metrics=[
        Metric("p50", "ms", higher_is_better=False, most=0.3),
        Metric("p99", "ms", higher_is_better=False),
        Metric("1 caller", "/s"),
        Metric(f"{_CONNECTIONS} callers", "/s", least=10_000),
    ],
    sides=[Side("streamcore", "streamcore", _measure_warm)],
)


# ------------------------------------------------------------ warm, over HTTP


def create_echo(port: int, name: str = "bench-echo") -> str:
    """A function that returns its event, Active; its name. Raises CallError, LoadError."""
    return create_function(port, name, _ECHO, "x")


def create_function(port: int, name: str, source: str, event: object) -> str:
    """A Python function, Active; its name. It is invoked with `event` first. Raises CallError, LoadError."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("app.py", source)
    body = {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Handler": "app.handler",
        "Role": "arn:aws:iam::000000000000:role/bench",
        "Timeout": 30,
        "Code": {"ZipFile": base64.b64encode(archive.getvalue()).decode()},
    }
    headers = {"Content-Type": "application/json", **authorization("lambda")}
    with Client(port) as client:
        client.create("/2015-03-31/functions", headers, body)
        deadline = time.monotonic() + _ACTIVE_TIMEOUT_SECONDS
        while client.post(f"/2015-03-31/functions/{name}/invocations", headers, event)[0] != 200:
            if time.monotonic() > deadline:
                raise LoadError(f"the function {name} cannot be invoked")
            time.sleep(0.05)
    return name


def _measure_http(bench: Bench) -> Measurement:
    with bench.server("streamcore") as server:
        name = create_echo(server.port)
        result = bench.load(
            LoadPlan(
                port=server.port,
                kind="invoke",
                stream=name,
                connections=_CONNECTIONS,
                seconds=bench.settings.seconds,
                warmup_seconds=max(bench.settings.warmup_seconds, 0.5),
                record_bytes=_PAYLOAD_BYTES,
            )
        )
    return Measurement({"invocations": result.records / result.seconds})


INVOKE_HTTP = Workload(
    name="invoke-http",
    summary=f"Invoke over HTTP, 1 KiB there and back, {_CONNECTIONS} connections",
    metrics=[Metric("invocations", "/s", least=3_000)],
    sides=[Side("streamcore", "streamcore", _measure_http)],
)


# ------------------------------------------------------------ cold


def _measure_cold(kind: str) -> Callable[[Bench], Measurement]:
    def measure(bench: Bench) -> Measurement:
        rounds = bench.settings.cold_starts
        plan = ColdPlan(kind=kind, rounds=rounds)
        result = run_child("bench.cold_probe", plan, ColdResult, _SETUP_SECONDS + rounds * _COLD_MOST_SECONDS)
        latency = Histogram.from_json(result.latency_ns)
        values = {"p50": latency.percentile(50) / 1e6, "p99": latency.percentile(99) / 1e6}
        return Measurement(values, latency, {"preloaded": result.preloaded, "sandbox": result.sandbox})

    return measure


def _cold(kind: str, what: str, most_ms: float | None) -> Workload:
    return Workload(
        name=f"cold-start-{kind}",
        summary=f"from the call to the answer in a new worker: {what}",
        metrics=[
            Metric("p50", "ms", higher_is_better=False, most=most_ms),
            Metric("p99", "ms", higher_is_better=False),
        ],
        sides=[Side("streamcore", "streamcore", _measure_cold(kind), missing=KINDS[kind].missing)],
    )


COLD_STARTS: Mapping[str, Workload] = {
    workload.name: workload
    for workload in (
        _cold("python", "an uploaded Python function in its sandbox, boto3 preloaded", _PYTHON_MOST_MS),
        _cold("function", "a @function of the program, boto3 preloaded", _PYTHON_MOST_MS),
        _cold("node", "Node.js in its sandbox", _NODE_MOST_MS),
        _cold("java", "Java in its sandbox", None),
        _cold("csharp", "C# on Mono in its sandbox", None),
    )
}
