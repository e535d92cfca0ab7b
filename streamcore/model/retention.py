"""Which records are still there: those that arrived after the horizon."""

from __future__ import annotations


def horizon_ms(now_ms: int, retention_ms: int) -> int:
    """Records that arrived at or before this time are gone, for readers at once, from disk when the trimmer comes."""
    return now_ms - retention_ms


def next_trim_delay_s(oldest_ms: int, now_ms: int, retention_ms: int, coarseness_s: float = 60.0) -> float:
    """When to trim next: as the oldest record expires, but not more often than every `coarseness_s`."""
    return max(coarseness_s, (oldest_ms + retention_ms - now_ms) / 1000)
