"""One caller on one connection, in turn at a function and at an API in front of it: a process of its own."""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Callable, Mapping

import msgspec

from bench.histogram import Histogram
from bench.wire import HOST


class ProxyPlan(msgspec.Struct, kw_only=True):
    """Paths of both, and what the direct one signs with."""

    port: int
    direct: str
    through: str
    headers: Mapping[str, str]
    payload_bytes: int
    seconds: float
    warmup_seconds: float


class ProxyResult(msgspec.Struct, kw_only=True):
    """Latencies in nanoseconds, as histograms."""

    direct_ns: dict[str, list[list[int]]]
    through_ns: dict[str, list[list[int]]]


def run(plan: ProxyPlan) -> ProxyResult:
    connection = http.client.HTTPConnection(HOST, plan.port, timeout=30)
    text = b"x" * plan.payload_bytes
    direct_body = msgspec.json.encode({"body": text.decode()})

    def direct() -> bytes:
        return _post(connection, plan.direct, direct_body, plan.headers)

    def through() -> bytes:
        return _post(connection, plan.through, text, {"Content-Type": "text/plain"})

    if msgspec.json.decode(direct())["body"].encode() != text or through() != text:
        raise RuntimeError("the function does not answer with what it was sent")
    until = time.monotonic() + plan.warmup_seconds
    while time.monotonic() < until:
        direct()
        through()
    found = Histogram(), Histogram()
    until = time.monotonic() + plan.seconds
    while time.monotonic() < until:
        for call, histogram in zip((direct, through), found, strict=True):
            histogram.record(_timed(call))
    connection.close()
    return ProxyResult(direct_ns=found[0].to_json(), through_ns=found[1].to_json())


def _timed(call: Callable[[], bytes]) -> int:
    began_ns = time.monotonic_ns()
    call()
    return time.monotonic_ns() - began_ns


def _post(connection: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    connection.request("POST", path, body, dict(headers))
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{path}: {answer.status} {text[:300]!r}")
    return text


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=ProxyPlan)
    sys.stdout.buffer.write(msgspec.json.encode(run(plan)))


if __name__ == "__main__":
    main()
