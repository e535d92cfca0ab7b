"""A broker with many streams and one with many shards: how long it starts, and what its lists cost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http import HTTPStatus

from bench.control import CallError, Client
from bench.stats import median
from bench.workload import Bench, Measurement, Metric, Side, Workload

WIDE = "wide"
LIST_BAR_MS = 50.0
START_BAR_MS = 2000.0
_PROGRAM = "streamcore-large"
_CALLS = 30
_CREATE_SECONDS = 120.0
_MIB = 1024 * 1024


def _create(client: Client, name: str, shards: int, deadline: float) -> None:
    """Five streams may be CREATING at a time; a sixth is refused until one of them is ACTIVE."""
    while True:
        status, answer = client.try_call("CreateStream", StreamName=name, ShardCount=shards)
        if status == HTTPStatus.OK:
            return
        if b"LimitExceededException" not in answer or time.monotonic() > deadline:
            raise CallError(f"CreateStream {name}: {status} {answer[:300]!r}")


def fill(port: int, streams: int, shards: int) -> None:
    """`streams` streams with a record each, one of which has `shards` shards."""
    deadline = time.monotonic() + _CREATE_SECONDS
    with Client(port) as client:
        client.create_stream(shards, WIDE)
        for number in range(streams - 1):
            _create(client, f"stream-{number:04d}", 1, deadline)
        client.create_stream(1, "last")  # ACTIVE, so all before it are
        for number in range(streams - 1):
            client.call("PutRecord", StreamName=f"stream-{number:04d}", PartitionKey="k", Data="eA==")
        for number in range(0, shards, 100):
            entries = [{"PartitionKey": f"{number + n}", "Data": "eA=="} for n in range(100)]
            client.call("PutRecords", StreamName=WIDE, Records=entries)


def _worst_ms(client: Client, action: str, body: Mapping[str, str]) -> tuple[float, float]:
    """(median, worst) of some calls over one connection. Answers are not decoded: making their objects, and collecting
    them, would be measured too (50 ms now and then)."""
    times = []
    for _ in range(_CALLS):
        started = time.perf_counter()
        status, answer = client.try_call(action, **body)
        times.append((time.perf_counter() - started) * 1000)
        if status != HTTPStatus.OK:
            raise CallError(f"{action}: {status} {answer[:300]!r}")
    return median(times), max(times)


def _calls(streams: int) -> Mapping[str, Mapping[str, str]]:
    return {
        "ListShards": {"StreamName": WIDE},
        "ListStreams": {"ExclusiveStartStreamName": f"stream-{streams // 2:04d}"},
        "DescribeStream": {"StreamName": WIDE},
        "DescribeStreamSummary": {"StreamName": WIDE},
        "DescribeLimits": {},
    }


def _measure(bench: Bench) -> Measurement:
    count = bench.settings.large_count
    with bench.fresh_folder() as folder:
        with bench.server_over(_PROGRAM, folder) as server:
            fill(server.port, count, count)
        with bench.server_over(_PROGRAM, folder) as server, Client(server.port) as client:
            values = {"start": server.ready_ms, "RssAnon": server.memory_bytes()["RssAnon"] / _MIB}
            medians = {}
            for name, body in _calls(count).items():
                medians[name], values[name] = _worst_ms(client, name, body)
    return Measurement(values, notes={"streams": count, "shards_of_one": count, "median_ms": medians})


LARGE = Workload(
    name="large",
    summary="1,000 streams, one of them with 1,000 shards: start over them, and the slowest of 30 list calls each",
    metrics=[
        Metric("start", "ms", higher_is_better=False, most=START_BAR_MS),
        *(
            Metric(name, "ms", higher_is_better=False, most=LIST_BAR_MS)
            for name in ("ListShards", "ListStreams", "DescribeStream", "DescribeStreamSummary", "DescribeLimits")
        ),
        Metric("RssAnon", "MiB", higher_is_better=False),
    ],
    sides=[Side("streamcore", _PROGRAM, _measure)],
)
