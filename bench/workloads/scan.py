"""Reading back: GetRecords over a whole shard."""

from __future__ import annotations

from collections.abc import Callable

from bench.child import run_child
from bench.control import create_stream
from bench.load import LoadPlan
from bench.scan import ScanPlan, ScanResult
from bench.workload import Bench, Measurement, Metric, Side, Workload

LIMIT = 10_000
_FILL_RECORDS = 500
_FILL_TIMEOUT_SECONDS = 120.0
_SCAN_TIMEOUT_SECONDS = 300.0


def fill(bench: Bench, port: int, stream: str, records: int, record_bytes: int) -> None:
    """Exactly `records` records, by PutRecords over one connection."""
    bench.load(
        LoadPlan(
            port=port,
            kind="put-records",
            stream=stream,
            connections=1,
            seconds=_FILL_TIMEOUT_SECONDS,
            records_per_request=_FILL_RECORDS,
            record_bytes=record_bytes,
            requests=records // _FILL_RECORDS,
        )
    )


def _scan(program: str) -> Callable[[Bench], Measurement]:
    def measure(bench: Bench) -> Measurement:
        records = bench.settings.scan_records
        with bench.server(program) as server:
            stream = create_stream(server.port, 1)
            fill(bench, server.port, stream, records, record_bytes=100)
            plan = ScanPlan(
                port=server.port, stream=stream, records=records, limit=LIMIT, seconds=bench.settings.seconds
            )
            result = run_child("bench.scan", plan, ScanResult, _SCAN_TIMEOUT_SECONDS)
        notes = {"scans": result.scans, "calls": result.calls, "answer_bytes": result.answer_bytes}
        return Measurement({"throughput": result.records / result.seconds}, notes=notes)

    return measure


GET_RECORDS_SCAN = Workload(
    name="get-records-scan",
    summary=f"GetRecords with Limit {LIMIT} over a shard of 100 k x 100 B, from TRIM_HORIZON to its tip",
    metrics=[Metric("throughput", "rec/s", bar=5)],
    sides=[
        Side("streamcore", "streamcore", _scan("streamcore")),
        Side("kinesalite", "kinesalite", _scan("kinesalite")),
    ],
)
