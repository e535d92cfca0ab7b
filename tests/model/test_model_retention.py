from __future__ import annotations

import pytest

from streamcore.model.retention import horizon_ms, next_trim_delay_s


@pytest.mark.parametrize(("now", "retention", "horizon"), [(1000, 400, 600), (400, 400, 0), (0, 400, -400)])
def test_horizon(now: int, retention: int, horizon: int) -> None:
    assert horizon_ms(now, retention) == horizon


@pytest.mark.parametrize(
    ("oldest_ms", "now_ms", "delay_s"),
    [
        (0, 0, 86_400.0),  # as the oldest expires
        (0, 86_340_000, 60.0),
        (0, 86_390_000, 60.0),  # not more often than once a minute
        (0, 10**12, 60.0),
    ],
)
def test_when_to_trim_next(oldest_ms: int, now_ms: int, delay_s: float) -> None:
    assert next_trim_delay_s(oldest_ms, now_ms, 86_400_000) == delay_s
