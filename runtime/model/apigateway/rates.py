"""Throttling by token buckets, and quotas by days, weeks and months.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

#: Days of usage that are kept and told (GetUsage).
DAYS_KEPT: Final = 90


class RateBucket:
    """`rate` requests a second, `burst` at once. `now` is monotonic, in seconds."""

    __slots__ = ("_at", "_tokens", "burst", "rate")

    def __init__(self, rate: float, burst: int) -> None:
        self.rate = rate
        self.burst = burst
        self._tokens = float(burst)
        self._at = 0.0

    def take(self, now: float) -> bool:
        """Whether one more request passes; one that does not takes nothing."""
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def __repr__(self) -> str:
        return f"<RateBucket {self._tokens:g}/{self.burst}, {self.rate:g}/s>"


def day_of(now_ms: int) -> date:
    """Periods are those of UTC."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).date()


def period_start(period: str, offset: int, today: date) -> date:
    """The first day of the period that today is in. `offset` days after the beginning of a week (Sunday) or month it
    begins; a DAY has none."""
    if period == "DAY":
        return today
    if period == "WEEK":
        sunday = today - timedelta(days=(today.weekday() + 1) % 7)
        start = sunday + timedelta(days=offset)
        return start if start <= today else start - timedelta(days=7)
    start = today.replace(day=1) + timedelta(days=offset)
    if start <= today:
        return start
    last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    return last_month + timedelta(days=offset)


def used_since(days: Mapping[str, int], start: date, today: date) -> int:
    """Requests from a day on, of counts by ISO day."""
    return sum(days.get(str(start + timedelta(days=each)), 0) for each in range((today - start).days + 1))


def kept(days: Mapping[str, int], today: date) -> dict[str, int]:
    """Without those that are too old to be told."""
    first = str(today - timedelta(days=DAYS_KEPT))
    return {day: count for day, count in days.items() if day >= first}
