"""A mergeable log-linear histogram of non-negative integers, after HdrHistogram.

    shift 0            shift 1              shift 2
    |0 1 2 ... 255|    |256 258 ... 510|    |512 516 ... 1020|  ...

Below 2 * SUB_BUCKETS every value has its own bucket; above, each power of two is cut into SUB_BUCKETS equal ones, so
the error of any percentile is under 1 / SUB_BUCKETS (0.8 %), whatever the range. Two histograms merge by adding counts,
which is why runs and processes can be combined where their percentiles could not.
"""

from __future__ import annotations

import math
from collections import Counter

SUB_BUCKET_BITS = 7
SUB_BUCKETS = 1 << SUB_BUCKET_BITS


def bucket_of(value: int) -> int:
    """The index of the bucket that holds `value`."""
    shift = max(0, value.bit_length() - SUB_BUCKET_BITS - 1)
    return (shift << SUB_BUCKET_BITS) + (value >> shift)


def highest_in(bucket: int) -> int:
    """The largest value that falls into `bucket`."""
    shift = max(0, (bucket >> SUB_BUCKET_BITS) - 1)
    lowest = (bucket - (shift << SUB_BUCKET_BITS)) << shift
    return lowest + (1 << shift) - 1


class Histogram:
    """Counts by bucket; exact minimum and maximum beside them."""

    __slots__ = ("_counts", "count", "highest", "lowest")

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.count = 0
        self.lowest: int | None = None
        self.highest: int | None = None

    def record(self, value: int) -> None:
        if value < 0:
            raise ValueError(f"a histogram holds no negative values: {value}")
        self._counts[bucket_of(value)] += 1
        self.count += 1
        self._widen(value, value)

    def merge(self, other: Histogram) -> None:
        self._counts.update(other._counts)
        self.count += other.count
        if other.lowest is not None and other.highest is not None:
            self._widen(other.lowest, other.highest)

    def percentile(self, percent: float) -> int:
        """The smallest recorded value (to bucket precision) that `percent` of all values do not exceed."""
        if self.highest is None:
            raise ValueError("no values recorded")
        rank = max(1, math.ceil(self.count * percent / 100))
        for bucket in sorted(self._counts):
            rank -= self._counts[bucket]
            if rank <= 0:
                return min(highest_in(bucket), self.highest)
        return self.highest

    def to_json(self) -> dict[str, list[list[int]]]:
        """Buckets in order as [index, count], then the exact bounds: what `from_json` reads back."""
        bounds = [] if self.lowest is None or self.highest is None else [[self.lowest, self.highest]]
        return {"buckets": [[bucket, self._counts[bucket]] for bucket in sorted(self._counts)], "bounds": bounds}

    @classmethod
    def from_json(cls, stored: dict[str, list[list[int]]]) -> Histogram:
        histogram = cls()
        for bucket, count in stored["buckets"]:
            histogram._counts[bucket] = count
            histogram.count += count
        for lowest, highest in stored["bounds"]:
            histogram._widen(lowest, highest)
        return histogram

    def _widen(self, lowest: int, highest: int) -> None:
        self.lowest = lowest if self.lowest is None else min(self.lowest, lowest)
        self.highest = highest if self.highest is None else max(self.highest, highest)

    def __repr__(self) -> str:
        if not self.count:
            return "Histogram(empty)"
        return (
            f"Histogram(count={self.count}, p50={self.percentile(50)}, p99={self.percentile(99)}, max={self.highest})"
        )
