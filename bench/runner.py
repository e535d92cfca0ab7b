"""Runs a workload: which sides take part, in what order, and what the values amount to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.child import LoadError
from bench.control import CallError
from bench.histogram import Histogram
from bench.servers import Program, ServerError
from bench.stats import interleaved, median, pairwise_ratios
from bench.workload import Bench, Measurement, Metric, Side, Workload

Say = Callable[[str], None]


@dataclass
class SideOutcome:
    name: str
    measurements: list[Measurement] = field(default_factory=list)
    failure: str = ""

    def values(self, metric: Metric) -> list[float]:
        return [measurement.values[metric.name] for measurement in self.measurements]

    def latency(self) -> Histogram | None:
        """All runs in one histogram, or None where the workload has no latency."""
        merged = Histogram()
        for measurement in self.measurements:
            if measurement.latency is not None:
                merged.merge(measurement.latency)
        return merged if merged.count else None


@dataclass
class Outcome:
    workload: Workload
    ours: SideOutcome | None
    others: list[SideOutcome]
    missing: list[str]  # sides that could not take part, with the reason

    def ratios(self, metric: Metric, other: SideOutcome) -> list[float]:
        if self.ours is None:
            return []
        return pairwise_ratios(self.ours.values(metric), other.values(metric), metric.higher_is_better)

    def verdict(self, metric: Metric) -> str:
        """ "pass" or "miss" where there is a bar, a target or a bound and the numbers to judge it, else ""."""
        if self.ours is None or not self.ours.measurements:
            return ""
        if metric.target is not None:
            return _pass(abs(median(self.ours.values(metric)) - metric.target) <= metric.tolerance * metric.target)
        if metric.most is not None:
            return _pass(median(self.ours.values(metric)) <= metric.most)
        if metric.least is not None:
            return _pass(median(self.ours.values(metric)) >= metric.least)
        ratios = [ratio for other in self.others if (ratio := self.ratios(metric, other))]
        if metric.bar is None or not ratios:
            return ""
        return _pass(min(median(of_side) for of_side in ratios) >= metric.bar)


def _pass(is_met: bool) -> str:
    return "pass" if is_met else "miss"


def missing_reason(side: Side, programs: Mapping[str, Program]) -> str | None:
    """Why this side cannot take part, or None."""
    program = programs[side.program]
    if program.find() is None:
        return f"{side.name} is not installed: {program.hint}"
    lacking = side.missing()
    return f"{side.name}: {lacking} is not installed" if lacking else None


def _wanted(workload: Workload, bench: Bench, only: str | None) -> list[Side]:
    if only is not None:
        return [side for side in workload.sides if only in (side.program, side.name)]
    return [side for side in workload.sides if bench.settings.peers or not side.is_peer]


def _measure(side: Side, outcome: SideOutcome, bench: Bench) -> None:
    """One run; a side that fails is out of the later ones, and its failure is reported instead of a number."""
    if outcome.failure:
        return
    try:
        outcome.measurements.append(side.measure(bench))
    except (LoadError, ServerError, CallError, OSError) as error:
        outcome.failure = f"{type(error).__name__}: {error}"


def _empty_outcomes(wanted: Sequence[Side], reasons: Mapping[str, str]) -> dict[str, SideOutcome]:
    """A peer may be missing, or a language; that our server is, is a failure, or CI would measure nothing and be
    content."""
    kept = [side for side in wanted if side.name not in reasons or not (side.is_peer or side.missing())]
    return {side.name: SideOutcome(side.name, failure=reasons.get(side.name, "")) for side in kept}


def run_workload(workload: Workload, bench: Bench, say: Say, only: str | None = None) -> Outcome:
    wanted = _wanted(workload, bench, only)
    reasons = {side.name: reason for side in wanted if (reason := missing_reason(side, bench.programs))}
    for reason in reasons.values():
        say(f"{workload.name}: {reason}")
    sides = [side for side in wanted if side.name not in reasons]
    outcomes = _empty_outcomes(wanted, reasons)
    runs = min(bench.settings.runs, workload.max_runs or bench.settings.runs)
    for run, side in interleaved(sides, runs):
        _measure(side, outcomes[side.name], bench)
        say(f"{workload.name}: run {run + 1}/{runs} {_last_of(outcomes[side.name], workload.metrics)}")
    ours = outcomes.pop(workload.sides[0].name, None)
    return Outcome(workload, ours, list(outcomes.values()), list(reasons.values()))


def _last_of(outcome: SideOutcome, metrics: Sequence[Metric]) -> str:
    if outcome.failure:
        return f"{outcome.name} FAILED {outcome.failure}"
    values = outcome.measurements[-1].values
    return f"{outcome.name} " + ", ".join(f"{values[metric.name]:,.2f} {metric.unit}" for metric in metrics)
