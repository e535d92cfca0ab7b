"""A function behind a REST API: what the gateway costs beside a direct invocation."""

from __future__ import annotations

from bench.child import run_child
from bench.control import Client
from bench.histogram import Histogram
from bench.proxy_probe import ProxyPlan, ProxyResult
from bench.wire import authorization
from bench.workload import Bench, Measurement, Metric, Side, Workload
from bench.workloads.invoke import create_function

_PAYLOAD_BYTES = 1024
_SETUP_SECONDS = 60.0
_ANSWER = 'def handler(event, context):\n    return {"statusCode": 200, "body": event["body"]}\n'
_FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function"


def create_api(port: int, function: str) -> str:
    """A REST API with one proxied path, deployed; the path of it. Raises CallError."""
    headers = {"Content-Type": "application/json", **authorization("apigateway")}
    with Client(port) as client:
        api = client.made("POST", "/restapis", headers, {"name": "bench"})
        root = f"/restapis/{api['id']}/resources/{api['rootResourceId']}"
        resource = client.made("POST", root, headers, {"pathPart": "echo"})
        method = f"/restapis/{api['id']}/resources/{resource['id']}/methods/POST"
        client.made("PUT", method, headers, {"authorizationType": "NONE"})
        path = f"path/2015-03-31/functions/{_FUNCTION}:{function}/invocations"
        integration = {"type": "AWS_PROXY", "httpMethod": "POST", "uri": f"arn:aws:apigateway:us-east-1:lambda:{path}"}
        client.made("PUT", f"{method}/integration", headers, integration)
        client.made("POST", f"/restapis/{api['id']}/deployments", headers, {"stageName": "bench"})
    return f"/restapis/{api['id']}/bench/_user_request_/echo"


def _measure(bench: Bench) -> Measurement:
    with bench.server("streamcore") as server:
        name = create_function(server.port, "bench-answer", _ANSWER, {"body": "x"})
        plan = ProxyPlan(
            port=server.port,
            direct=f"/2015-03-31/functions/{name}/invocations",
            through=create_api(server.port, name),
            headers=authorization("lambda"),
            payload_bytes=_PAYLOAD_BYTES,
            seconds=bench.settings.seconds,
            warmup_seconds=bench.settings.warmup_seconds,
        )
        most_seconds = plan.seconds + plan.warmup_seconds + _SETUP_SECONDS
        result = run_child("bench.proxy_probe", plan, ProxyResult, most_seconds)
    direct, through = Histogram.from_json(result.direct_ns), Histogram.from_json(result.through_ns)
    values = {
        "p50": through.percentile(50) / 1e6,
        "p99": through.percentile(99) / 1e6,
        "overhead p50": (through.percentile(50) - direct.percentile(50)) / 1e6,
    }
    return Measurement(values, through)


API_PROXY = Workload(
    name="api-proxy",
    summary="a warm function behind a REST API, 1 KiB there and back, one caller; and what the API adds to an Invoke",
    metrics=[
        Metric("p50", "ms", higher_is_better=False),
        Metric("p99", "ms", higher_is_better=False),
        Metric("overhead p50", "ms", higher_is_better=False, most=2.0),
    ],
    sides=[Side("streamcore", "streamcore", _measure)],
)
