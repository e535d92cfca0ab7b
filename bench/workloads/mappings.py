"""Event source mappings: records a second through one function, and what a hundred idle mappings cost."""

from __future__ import annotations

from bench.child import run_child
from bench.mapping_load import MappingPlan, MappingResult
from bench.workload import Bench, Measurement, Metric, Side, Workload

BATCH_SIZE = 500
RECORD_BYTES = 100
IDLE_MAPPINGS = 100
#: Of one core.
IDLE_MOST_PERCENT = 1.0
_RECORDS_PER_SCAN_RECORD = 3
_TIMEOUT_SECONDS = 300.0


def _throughput(bench: Bench) -> Measurement:
    records = bench.settings.scan_records * _RECORDS_PER_SCAN_RECORD
    with bench.fresh_folder() as folder:
        plan = MappingPlan(str(folder), records=records, record_bytes=RECORD_BYTES, batch_size=BATCH_SIZE)
        result = run_child("bench.mapping_load", plan, MappingResult, _TIMEOUT_SECONDS)
    values = {
        "records": records / result.seconds,
        "broker": result.cpu_seconds / records * 1e6,
        "workers": result.worker_cpu_seconds / records * 1e6,
    }
    return Measurement(values, notes={"batches": result.batches})


def _idle(bench: Bench) -> Measurement:
    with bench.fresh_folder() as folder:
        plan = MappingPlan(str(folder), mappings=IDLE_MAPPINGS, seconds=bench.settings.seconds)
        result = run_child("bench.mapping_load", plan, MappingResult, _TIMEOUT_SECONDS)
    return Measurement({"cpu": result.cpu_seconds / result.seconds * 100})


MAPPING_THROUGHPUT = Workload(
    name="mapping-throughput",
    summary=f"records of {RECORD_BYTES} B through one function in batches of {BATCH_SIZE}, one broker and two workers",
    metrics=[
        Metric("records", "/s"),
        Metric("broker", "us CPU/record", higher_is_better=False),
        Metric("workers", "us CPU/record", higher_is_better=False),
    ],
    sides=[Side("streamcore", "streamcore", _throughput)],
)
MAPPINGS_IDLE = Workload(
    name="mappings-idle",
    summary=f"CPU of a broker with {IDLE_MAPPINGS} idle mappings over {IDLE_MAPPINGS} shards, in percent of a core",
    metrics=[Metric("cpu", "%", higher_is_better=False, most=IDLE_MOST_PERCENT)],
    sides=[Side("streamcore", "streamcore", _idle)],
    max_runs=1,
)
