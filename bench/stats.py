"""Medians, pairwise ratios, slopes, and the order in which runs are taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import linear_regression, median
from typing import TypeVar

T = TypeVar("T")


def interleaved(sides: Sequence[T], runs: int) -> Iterator[tuple[int, T]]:
    """A B, A B, ...: what drifts on the machine (heat, neighbours, the disk) drifts for all sides alike."""
    for run in range(runs):
        for side in sides:
            yield run, side


def pairwise_ratios(ours: Sequence[float], theirs: Sequence[float], higher_is_better: bool) -> list[float]:
    """By how many times ours is better, run by run: neighbours in time are compared with each other.

    A pair whose divisor is zero has no ratio and is left out.
    """
    pairs = zip(ours, theirs, strict=False)
    if higher_is_better:
        return [our / their for our, their in pairs if their]
    return [their / our for our, their in pairs if our]


def slope(points: Sequence[tuple[float, float]], skip_share: float) -> float:
    """Least squares slope of (x, y) points without the first `skip_share` of them, the warm-up; 0 for under two."""
    kept = points[int(len(points) * skip_share) :]
    if len({x for x, _ in kept}) < 2:
        return 0.0
    return float(linear_regression([x for x, _ in kept], [y for _, y in kept]).slope)


__all__ = ["interleaved", "median", "pairwise_ratios", "slope"]
