"""A shard's limits in numbers: under overload exactly the rate passes, from the first second on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamcore.model.limits import MIB
from streamcore.model.throttle import Bucket, ReadBudget, WriteBudget


def overload(budget: WriteBudget, size: int, start_s: float, seconds: int, *, batch: int, tick_s: float = 0.05) -> int:
    """Offers more than the limits pass; returns how many records passed in [start, start + seconds)."""
    passed = 0
    for step in range(round(seconds / tick_s)):
        now = start_s + step * tick_s
        for _ in range(4):
            verdict = budget.take([size] * batch, now)
            passed += batch if verdict is None else verdict.count(True)
    return passed


@pytest.mark.parametrize("start_s", [0.0, 17.3])
@pytest.mark.parametrize("size", [1, 100, 1000, 1048])
@pytest.mark.parametrize("warm_s", [0, 3, 60])
def test_a_thousand_records_a_second(size: int, start_s: float, warm_s: int) -> None:
    budget = WriteBudget()
    overload(budget, size, start_s, warm_s, batch=100)
    passed = overload(budget, size, start_s + warm_s, 10, batch=100)
    assert passed == pytest.approx(10_000, rel=0.01)


@pytest.mark.parametrize("size", [1100, 5000, 25_600, 100_000])
@pytest.mark.parametrize("warm_s", [0, 3, 60])
def test_one_mebibyte_a_second(size: int, warm_s: int) -> None:
    budget = WriteBudget()
    overload(budget, size, 5.0, warm_s, batch=60)
    passed = overload(budget, size, 5.0 + warm_s, 10, batch=60) * size
    assert passed == pytest.approx(10 * MIB, rel=0.01)


@pytest.mark.parametrize("size", [MIB, 3 * MIB, 10 * MIB])
def test_large_records_are_paid_for_by_later_seconds(size: int) -> None:
    budget = WriteBudget()
    passed = overload(budget, size, 0.0, 60, batch=1) * size
    assert 60 * MIB <= passed <= 60 * MIB + size


def test_after_an_idle_while_a_full_second_and_no_more() -> None:
    budget = WriteBudget()
    overload(budget, 1, 0.0, 5, batch=100)
    assert overload(budget, 1, 3600.5, 1, batch=100) == 1000


def test_a_refused_record_takes_nothing() -> None:
    budget = WriteBudget()
    assert budget.take([MIB], 0.0) is None
    assert budget.take([1, 1], 0.5) == [False, False]
    assert (budget.bytes.tokens, budget.records.tokens) == (0, 999)


def test_a_request_passes_in_order_until_the_limit() -> None:
    budget = WriteBudget(bytes_per_s=100, records_per_s=10)
    assert budget.take([60, 60, 60], 0.0) == [True, True, False]


@given(
    st.integers(1, 2000),
    st.lists(st.tuples(st.floats(0.0, 2.5), st.lists(st.integers(1, 5000), max_size=20)), max_size=60),
)
def test_never_more_than_the_windows_give_and_one_record(rate: int, offers: list[tuple[float, list[int]]]) -> None:
    budget = WriteBudget(bytes_per_s=rate, records_per_s=10**9)
    now, first, total, largest = 100.0, None, 0, 0
    for gap, sizes in offers:
        now += gap
        verdict = budget.take(sizes, now)
        passed = [size for i, size in enumerate(sizes) if verdict is None or verdict[i]]
        first = now if first is None and passed else first
        total += sum(passed)
        largest = max([largest, *passed])
        if first is not None:
            windows = int(now - first) + 2  # those begun since the first take, on any grid
            assert total <= rate * windows + largest


@given(st.integers(1, 50), st.integers(-500, 50), st.floats(0.0, 30.0), st.floats(0.0, 5.0))
@settings(max_examples=300)
def test_wait_s_is_when_a_take_is_allowed_again(rate: int, tokens: int, start: float, later: float) -> None:
    bucket = Bucket(rate)
    bucket.refill(start)
    bucket.tokens = min(tokens, rate)
    now = start + later
    wait_s = bucket.wait_s(now)
    assert 0.0 <= wait_s <= 1.0 + max(0, -bucket.tokens) / rate
    if wait_s > 0.001:
        bucket.refill(now + wait_s - 0.001)
        assert bucket.tokens <= 0
    bucket.refill(now + wait_s + 1e-6)
    assert bucket.tokens > 0


def test_five_reads_a_second() -> None:
    for start_s in (0.0, 0.37):
        budget = ReadBudget()
        passed = sum(budget.take_call(start_s + step / 100) for step in range(1000))
        assert passed == 50


def test_two_mebibytes_a_second_out() -> None:
    budget = ReadBudget(calls_per_s=10**9)
    total = 0
    for step in range(1000):
        if budget.take_call(step / 100):
            budget.charge(30_000)
            total += 30_000
    assert total == pytest.approx(20 * MIB, rel=0.01)


@pytest.mark.parametrize("start_s", [0.0, 12.75])
def test_a_read_of_ten_mebibytes_blocks_five_seconds(start_s: float) -> None:
    budget = ReadBudget()
    assert budget.take_call(start_s)
    budget.charge(10 * MIB)
    assert budget.wait_ms(start_s) == 5000
    assert not budget.take_call(start_s + 4.999)
    assert budget.take_call(start_s + 5.0)


def test_a_refused_call_takes_nothing() -> None:
    budget = ReadBudget()
    verdicts = [budget.take_call(0.0) for _ in range(20)]
    assert verdicts == [True] * 5 + [False] * 15
    assert [budget.take_call(1.0) for _ in range(6)] == [True] * 5 + [False]


def test_repr() -> None:
    assert repr(Bucket(5)) == "<Bucket 5/5>"
