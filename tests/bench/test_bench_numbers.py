"""Histogram, statistics, and the parts of workloads that only calculate."""

import random

import pytest

from bench.histogram import SUB_BUCKETS, Histogram, bucket_of, highest_in
from bench.stats import interleaved, pairwise_ratios, slope
from bench.workloads.handler_latency import first_entries, latencies
from bench.workloads.limits import Reads
from bench.workloads.memory import growth


def histogram_of(*values: int) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    return histogram


def test_buckets_follow_each_other_without_gap_or_overlap() -> None:
    upper_bounds = [highest_in(bucket) for bucket in range(3000)]
    assert upper_bounds == sorted(set(upper_bounds))
    for bucket in range(1, 3000):
        assert bucket_of(upper_bounds[bucket - 1] + 1) == bucket == bucket_of(upper_bounds[bucket])


@pytest.mark.parametrize("value", [0, 1, 255, 256, 1000, 123_456_789, 2**40 + 1, 2**63])
def test_a_bucket_is_within_its_precision(value: int) -> None:
    assert value <= highest_in(bucket_of(value)) <= value * (1 + 1 / SUB_BUCKETS)


def test_percentiles_are_those_of_the_sorted_values() -> None:
    rng = random.Random(7)
    values = sorted(rng.randrange(10**9) for _ in range(5000))
    histogram = histogram_of(*values)
    for percent in (1, 50, 90, 99, 99.9):
        exact = values[max(0, -(-int(len(values) * percent * 10) // 1000) - 1)]
        assert exact <= histogram.percentile(percent) <= exact * (1 + 1 / SUB_BUCKETS)
    assert histogram.percentile(100) == values[-1]


def test_merging_is_recording_everything_in_one() -> None:
    left, right = histogram_of(5, 70_000), histogram_of(3, 9_999_999, 70_000)
    left.merge(right)
    assert left.to_json() == histogram_of(5, 70_000, 3, 9_999_999, 70_000).to_json()
    assert (left.count, left.lowest, left.highest) == (5, 3, 9_999_999)


def test_an_empty_histogram_merges_and_has_no_percentile() -> None:
    full = histogram_of(4)
    full.merge(Histogram())
    assert full.to_json() == histogram_of(4).to_json()
    with pytest.raises(ValueError, match="no values"):
        Histogram().percentile(50)
    assert Histogram.from_json(Histogram().to_json()).count == 0


def test_json_keeps_everything() -> None:
    histogram = histogram_of(1, 1, 500_000)
    back = Histogram.from_json(histogram.to_json())
    assert back.to_json() == histogram.to_json()
    assert repr(back) == "Histogram(count=3, p50=1, p99=500000, max=500000)"


def test_negative_values_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        histogram_of(-1)


def test_runs_alternate_between_the_sides() -> None:
    assert list(interleaved(["a", "b"], 3)) == [(0, "a"), (0, "b"), (1, "a"), (1, "b"), (2, "a"), (2, "b")]


@pytest.mark.parametrize(
    ("higher_is_better", "ratios"), [(True, [2.0, 0.5]), (False, [0.5, 2.0])], ids=["throughput", "latency"]
)
def test_a_ratio_above_one_is_ours_being_better(higher_is_better: bool, ratios: list[float]) -> None:
    assert pairwise_ratios([10, 5], [5, 10], higher_is_better) == ratios


def test_a_pair_without_divisor_has_no_ratio() -> None:
    assert pairwise_ratios([10, 10], [0, 5], higher_is_better=True) == [2.0]


def test_slope_leaves_out_the_warm_up() -> None:
    points = [(0.0, 0.0), (1.0, 100.0), (2.0, 102.0), (3.0, 104.0)]
    assert slope(points, skip_share=0.25) == pytest.approx(2.0)
    assert slope(points[:1], skip_share=0.0) == 0.0


def test_memory_growth_is_per_gigabyte_stored() -> None:
    samples = [(float(second), (50 + 4 * second) * 1024 * 1024, 0) for second in range(11)]
    assert growth(samples, stored_bytes=2_000_000_000) == pytest.approx(20.0)


def test_read_rates_end_where_the_budget_had_just_been_given() -> None:
    reads = Reads([(0.0, 100), (0.1, 100), (1.0, 100), (1.1, 100), (2.0, 100), (2.1, 7)], fresh=[2, 4])
    assert reads.rates() == pytest.approx((2.0, 200.0))
    assert Reads([(0.0, 100)]).rates() == (0.0, 0.0)


def test_latency_is_to_the_first_entry_and_never_negative() -> None:
    entered = first_entries(["warm", "0 1500", "1 900", "0 1400"])
    histogram = latencies([1000, 1000], entered)
    assert entered == {0: 1400, 1: 900}
    assert (histogram.lowest, histogram.percentile(100)) == (0, 400)
