"""Shard limits under overload: what is accepted must be the limit, neither more nor less.

Writes are counted from the first second on, with the bucket full: it passes its rate in that second too. Reads come in
portions and may leave a debt; they are counted between two moments at which the budget had just been given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import accumulate

import msgspec

from bench.control import CallError, Client, create_stream
from bench.load import LoadPlan
from bench.stats import slope
from bench.workload import Bench, Measurement, Metric, Side, Workload
from bench.workloads.scan import fill

WRITE_RECORDS_PER_S = 1000
WRITE_BYTES_PER_S = 1024 * 1024
READ_CALLS_PER_S = 5
READ_BYTES_PER_S = 2 * 1024 * 1024

_PROGRAM = "streamcore-limits"
_OVERLOAD = 3
_KEY_BYTES = 16
_REQUESTS_PER_S = 30
_CONNECTIONS = 16
_READ_ATTEMPTS_PER_S = 50
_READ_RECORD_BYTES = 1000
_READ_RECORDS_A_CALL = 450  # five of these are a little over 2 MiB: small portions, and still too many
_READ_RECORDS = 60_000  # more than the limit lets through in the time, even with the burst


def _overload_plan(bench: Bench, port: int, records_per_request: int, record_bytes: int) -> LoadPlan:
    return LoadPlan(
        port=port,
        kind="put-records",
        stream=create_stream(port, 1),
        connections=_CONNECTIONS,
        seconds=bench.settings.overload_seconds,
        records_per_request=records_per_request,
        record_bytes=record_bytes,
        rate_per_s=_REQUESTS_PER_S,
    )


def _write(metric: str, offered_per_s: int, record_bytes: int, per_record: int) -> Callable[[Bench], Measurement]:
    """Offers so many records a second; the value is what was accepted, times `per_record`."""

    def measure(bench: Bench) -> Measurement:
        with bench.server(_PROGRAM) as server:
            plan = _overload_plan(bench, server.port, round(offered_per_s / _REQUESTS_PER_S), record_bytes)
            result = bench.load(plan, allow_errors=True)
        notes = {
            "accepted_by_second": result.records_by_second,
            "refused": result.refused,
            "errors": result.errors,
            "first_error": result.first_error,
        }
        return Measurement({metric: result.records / bench.settings.overload_seconds * per_record}, notes=notes)

    return measure


_BIG_RECORD_BYTES = 10_000 - _KEY_BYTES


class _Read(msgspec.Struct):
    iterator: str = msgspec.field(name="NextShardIterator")
    records: list[dict[str, object]] = msgspec.field(name="Records")


_read = msgspec.json.Decoder(_Read)


@dataclass
class Reads:
    """When calls got through, with how many bytes, and which of them came right after a refusal."""

    allowed: list[tuple[float, int]] = field(default_factory=list)
    fresh: list[int] = field(default_factory=list)
    refused: int = 0

    def rates(self) -> tuple[float, float]:
        """Calls and bytes per second: the slope of their sums at the calls that came right after a refusal. At those
        moments the budget had just been given, and of what was taken before, at most one read is still to be paid."""
        sizes = [0, *accumulate(size for _, size in self.allowed)]
        at = [(self.allowed[number][0], number) for number in (0, *self.fresh) if number < len(self.allowed)]
        calls = slope([(seconds, float(number)) for seconds, number in at], 0.0)
        return calls, slope([(seconds, float(sizes[number])) for seconds, number in at], 0.0)


def _ticks(seconds: float, per_second: int) -> Iterator[float]:
    started = time.monotonic()
    for number in range(round(seconds * per_second)):
        time.sleep(max(0.0, started + number / per_second - time.monotonic()))
        yield time.monotonic() - started


def _check_throttled(body: bytes) -> None:
    if b"ProvisionedThroughputExceededException" not in body:
        raise CallError(f"GetRecords: {body[:300]!r}")


def read_at_overload(client: Client, stream: str, seconds: float, limit: int) -> Reads:
    iterator = client.oldest_iterator(stream)
    reads = Reads()
    was_refused = False
    for at in _ticks(seconds + 1.5, _READ_ATTEMPTS_PER_S):
        status, body = client.try_call("GetRecords", ShardIterator=iterator, Limit=limit)
        if status != HTTPStatus.OK:
            _check_throttled(body)
            reads.refused += 1
            was_refused = True
            continue
        if was_refused:
            reads.fresh.append(len(reads.allowed))
            was_refused = False
        answer = _read.decode(body)
        iterator = answer.iterator
        reads.allowed.append((at, len(answer.records) * (_READ_RECORD_BYTES + _KEY_BYTES)))
    return reads


def _measure_reads(bench: Bench, limit: int) -> Reads:
    """Filled without limits, then read by a second broker over the same data."""
    records = min(_READ_RECORDS, bench.settings.scan_records)
    with bench.fresh_folder() as folder:
        with bench.server_over("streamcore", folder) as server:
            stream = create_stream(server.port, 1)
            fill(bench, server.port, stream, records, _READ_RECORD_BYTES)
        with bench.server_over(_PROGRAM, folder) as server, Client(server.port) as client:
            return read_at_overload(client, stream, bench.settings.overload_seconds, limit)


def _read_calls(bench: Bench) -> Measurement:
    reads = _measure_reads(bench, limit=10)
    return Measurement({"calls": reads.rates()[0]}, notes={"refused": reads.refused, "allowed": len(reads.allowed)})


def _read_bytes(bench: Bench) -> Measurement:
    reads = _measure_reads(bench, limit=_READ_RECORDS_A_CALL)
    return Measurement({"bytes": reads.rates()[1]}, notes={"refused": reads.refused, "allowed": reads.allowed})


def _workload(name: str, summary: str, metric: Metric, measure: Callable[[Bench], Measurement]) -> Workload:
    return Workload(name, summary, [metric], [Side("streamcore", _PROGRAM, measure)], max_runs=1)


LIMITS_RECORDS = _workload(
    "limits-records",
    f"one shard offered {_OVERLOAD}x its records: accepted per second",
    Metric("records", "rec/s", target=WRITE_RECORDS_PER_S),
    _write("records", _OVERLOAD * WRITE_RECORDS_PER_S, record_bytes=20, per_record=1),
)
LIMITS_BYTES = _workload(
    "limits-bytes",
    f"one shard offered {_OVERLOAD}x its bytes: accepted per second",
    Metric("bytes", "B/s", target=WRITE_BYTES_PER_S),
    _write("bytes", _OVERLOAD * WRITE_BYTES_PER_S // 10_000, _BIG_RECORD_BYTES, per_record=10_000),
)
LIMITS_READ_CALLS = _workload(
    "limits-read-calls",
    f"GetRecords tried {_READ_ATTEMPTS_PER_S} times a second: calls that got through",
    Metric("calls", "1/s", target=READ_CALLS_PER_S),
    _read_calls,
)
LIMITS_READ_BYTES = _workload(
    "limits-read-bytes",
    "GetRecords of 457 kB each as often as allowed: bytes that got through",
    Metric("bytes", "B/s", target=READ_BYTES_PER_S),
    _read_bytes,
)
