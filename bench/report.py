"""Results as JSON for machines and as a table for people."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.machine import describe_commit, describe_machine, library_versions
from bench.runner import Outcome, SideOutcome
from bench.stats import median
from bench.workload import Bench, Metric

_PERCENTILES = (50.0, 90.0, 99.0, 99.9)
_HEADINGS = ("workload", "metric", "ours", "(min - max)", "other", "its median", "ratio", "bar", "")


def _side_json(side: SideOutcome, metrics: Sequence[Metric]) -> dict[str, object]:
    latency = side.latency()
    described: dict[str, object] = {
        "values": {metric.name: side.values(metric) for metric in metrics},
        "median": {metric.name: median(side.values(metric)) for metric in metrics if side.measurements},
        "notes": [dict(measurement.notes) for measurement in side.measurements],
        "failure": side.failure or None,
    }
    if latency is not None:
        described["latency_ms"] = {f"p{percent:g}": latency.percentile(percent) / 1e6 for percent in _PERCENTILES}
        described["latency_histogram_ns"] = latency.to_json()
    return described


def _ratio_json(outcome: Outcome, metric: Metric) -> dict[str, object]:
    by_side = {other.name: outcome.ratios(metric, other) for other in outcome.others}
    return {name: {"pairs": ratios, "median": median(ratios)} for name, ratios in by_side.items() if ratios}


def _metric_json(outcome: Outcome, metric: Metric) -> dict[str, object]:
    return {**asdict(metric), "ratios": _ratio_json(outcome, metric), "verdict": outcome.verdict(metric) or None}


def _outcome_json(outcome: Outcome) -> dict[str, object]:
    metrics = outcome.workload.metrics
    sides = [*([outcome.ours] if outcome.ours else []), *outcome.others]
    return {
        "name": outcome.workload.name,
        "summary": outcome.workload.summary,
        "metrics": [_metric_json(outcome, metric) for metric in metrics],
        "sides": {side.name: _side_json(side, metrics) for side in sides},
        "missing": outcome.missing,
    }


def to_json(outcomes: Sequence[Outcome], bench: Bench) -> dict[str, object]:
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **describe_commit(),
        "machine": describe_machine(bench.folder),
        "libraries": library_versions(),
        "settings": asdict(bench.settings),
        "workloads": [_outcome_json(outcome) for outcome in outcomes],
    }


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _bar(metric: Metric) -> str:
    if metric.target is not None:
        return f"= {_number(metric.target)} ±{metric.tolerance:.0%}"
    if metric.most is not None:
        return f"<= {_number(metric.most)}"
    if metric.least is not None:
        return f">= {_number(metric.least)}"
    return f">= {metric.bar:g}x" if metric.bar is not None else ""


def _our_cells(outcome: Outcome, metric: Metric) -> list[str]:
    ours = outcome.ours
    if ours is None or ours.failure or not ours.measurements:
        return ["FAILED" if ours is not None and ours.failure else "-", ""]
    values = ours.values(metric)
    return [f"{_number(median(values))} {metric.unit}", f"({_number(min(values))} - {_number(max(values))})"]


def _other_cells(outcome: Outcome, metric: Metric, other: SideOutcome | None) -> list[str]:
    if other is None:
        return ["", "", ""]
    if other.failure or not other.measurements:
        return [other.name, "FAILED", ""]
    ratios = outcome.ratios(metric, other)
    return [other.name, _number(median(other.values(metric))), f"{median(ratios):.2f}x" if ratios else ""]


def _rows(outcome: Outcome) -> Iterator[list[str]]:
    others: Sequence[SideOutcome | None] = outcome.others or [None]
    for metric in outcome.workload.metrics:
        for other in others:
            judged = [_bar(metric), outcome.verdict(metric)]
            yield [
                outcome.workload.name,
                metric.name,
                *_our_cells(outcome, metric),
                *_other_cells(outcome, metric, other),
                *judged,
            ]


def table(outcomes: Sequence[Outcome]) -> str:
    rows = [list(_HEADINGS), *(row for outcome in outcomes for row in _rows(outcome))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def conditions(bench: Bench) -> str:
    machine = describe_machine(bench.folder)
    commit = describe_commit()
    return (
        f"{machine['cpu']}, {machine['cores']} cores, kernel {machine['kernel']}, python {machine['python']}, "
        f"{machine['filesystem']}, commit {str(commit['commit'])[:12]}{' (modified)' if commit['modified'] else ''}"
    )


def failures(outcomes: Sequence[Outcome]) -> list[str]:
    sides = [(outcome, side) for outcome in outcomes for side in (outcome.ours, *outcome.others) if side is not None]
    return [f"{outcome.workload.name}: {side.name}: {side.failure}" for outcome, side in sides if side.failure]


def write(path: Path, contents: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)
