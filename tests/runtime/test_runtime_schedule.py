"""Schedule expressions: the tables of the EventBridge user guide, and what was recorded from the service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import InvalidScheduleError
from runtime.model.schedule import Cron, parse, shortest_ms

REFUSED = [
    "rate(10 seconds)", "rate(10 years)", "rate(1 minutes)", "rate(10 minute)", "rate(0 minutes)", "rate(-10 minutes)",
    "rate(10 MINUTES)", "rate( 10 minutes )", " rate(10 minutes)", "rate(10)", "rate()", "rate(5  minutes)",
    "cron(0 1 * * * *)", "cron(0 1 ? * ? *)", "NOT", "cron(INVALID)", "cron(71 10 * * ? *)", "cron(0 10 * * ?)",
    "cron(0 24 * * ? *)", "cron(0 10 32 * ? *)", "cron(0 10 0 * ? *)", "cron(0 10 ? * 8 *)", "cron(0 10 ? * MON#6 *)",
    "cron(0 10 * 13 ? *)", "cron(0 10 * * ? 1969)", "cron(0 10 * * ? 2200)", "cron(0/0 10 * * ? *)",
    "cron(,1 10 * * ? *)", "cron(0 10 1L * ? *)", "cron(0 10 1W,2 * ? *)", "cron(0 10 ? * MON#1,TUE#2 *)",
    "cron(-1 10 * * ? *)",
    "cron(0 10 ? JAN-XXX MON *)",
    "at(2026-13-01T00:00:00)", "at(2026-01-01)", "at(2026-01-01T00:00:00Z)", "", "cron()", "٣",
]  # fmt: skip

#: expression, from, the next times (UTC)
CRON = [
    ("cron(0 10 * * ? *)", "2026-01-01T09:00", ["2026-01-01T10:00", "2026-01-02T10:00"]),
    ("cron(0 10 * * ? *)", "2026-01-01T10:00", ["2026-01-02T10:00"]),
    ("cron(15 12 * * ? *)", "2026-01-01T12:14", ["2026-01-01T12:15"]),
    ("cron(0 18 ? * MON-FRI *)", "2026-01-02T18:00", ["2026-01-05T18:00", "2026-01-06T18:00"]),
    ("cron(0 8 1 * ? *)", "2026-01-15T00:00", ["2026-02-01T08:00", "2026-03-01T08:00"]),
    ("cron(0/15 * * * ? *)", "2026-01-01T00:07", ["2026-01-01T00:15", "2026-01-01T00:30"]),
    ("cron(0/10 * ? * MON-FRI *)", "2026-01-03T00:00", ["2026-01-05T00:00", "2026-01-05T00:10"]),
    ("cron(0/5 8-17 ? * MON-FRI *)", "2026-01-05T17:55", ["2026-01-06T08:00"]),
    ("cron(0/30 20-2 ? * MON-FRI *)", "2026-01-05T23:45", ["2026-01-06T00:00", "2026-01-06T00:30", "2026-01-06T01:00",
                                                          "2026-01-06T01:30", "2026-01-06T02:00", "2026-01-06T02:30",
                                                          "2026-01-06T20:00"]),
    ("cron(5,35 14 * * ? *)", "2026-01-01T00:00", ["2026-01-01T14:05", "2026-01-01T14:35"]),
    ("cron(0 10 ? * SAT#3 *)", "2026-01-01T00:00", ["2026-01-17T10:00", "2026-02-21T10:00"]),
    ("cron(15 10 ? * 6L *)", "2026-01-01T00:00", ["2026-01-30T10:15", "2026-02-27T10:15"]),
    ("cron(15 10 ? * 6L 2019-2022)", "2026-01-01T00:00", []),
    ("cron(0/5 5 ? JAN 1-5 2027)", "2026-06-01T00:00", ["2027-01-03T05:00", "2027-01-03T05:05"]),
    ("cron(0 0 L * ? *)", "2024-02-01T00:00", ["2024-02-29T00:00", "2024-03-31T00:00"]),
    ("cron(0 0 LW * ? *)", "2026-05-01T00:00", ["2026-05-29T00:00"]),
    ("cron(0 0 3W * ? *)", "2026-01-01T00:00", ["2026-01-02T00:00", "2026-02-03T00:00"]),
    ("cron(0 0 1W * ? *)", "2026-08-01T00:00", ["2026-08-03T00:00"]),
    ("cron(0 0 31 * ? *)", "2026-01-31T00:00", ["2026-03-31T00:00"]),
    ("cron(0 0 29 2 ? *)", "2026-01-01T00:00", ["2028-02-29T00:00"]),
    ("cron(* * * * ? *)", "2026-01-01T00:00", ["2026-01-01T00:01"]),
    ("cron(0 0 ? * L *)", "2026-01-01T00:00", ["2026-01-03T00:00"]),
]  # fmt: skip


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(InvalidScheduleError, match=r"^Parameter ScheduleExpression is not valid\.$"):
        parse(text)


@pytest.mark.parametrize(("text", "start", "expected"), CRON)
def test_cron(text: str, start: str, expected: list[str]) -> None:
    schedule, at = parse(text), ms(start)
    for time in expected:
        found = schedule.next_ms(at, 0)
        assert found == ms(time)
        at = found
    if not expected:
        assert schedule.next_ms(at, 0) is None


@pytest.mark.parametrize(("text", "every_s"), [
    ("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(1 hour)", 3600), ("rate(2 days)", 172_800),
])  # fmt: skip
def test_rate_counts_from_its_beginning(text: str, every_s: int) -> None:
    schedule, start = parse(text), ms("2026-01-01T00:00:07")
    assert schedule.next_ms(start, start) == start + every_s * 1000
    assert schedule.next_ms(start + every_s * 1000, start) == start + every_s * 2000
    assert schedule.next_ms(start + every_s * 2500, start) == start + every_s * 3000  # what was missed is past
    assert shortest_ms(schedule) == every_s * 1000


def test_at_is_once_and_in_its_zone() -> None:
    schedule = parse("at(2026-07-01T12:00:00)", "Europe/Berlin")
    assert schedule.next_ms(0, 0) == ms("2026-07-01T10:00")
    assert schedule.next_ms(ms("2026-07-01T10:00"), 0) is None
    assert shortest_ms(schedule) is None


def test_summer_time() -> None:
    """02:30 is left out on 29 March 2026 in Berlin, and comes twice on 25 October."""
    schedule = parse("cron(30 2 * * ? *)", "Europe/Berlin")
    at = schedule.next_ms(ms("2026-03-28T12:00"), 0)
    assert at == ms("2026-03-29T01:30")  # 03:30 summer time
    assert schedule.next_ms(at, 0) == ms("2026-03-30T00:30")
    first = schedule.next_ms(ms("2026-10-24T12:00"), 0)
    assert first == ms("2026-10-25T00:30")
    assert schedule.next_ms(first, 0) == ms("2026-10-26T01:30")


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../../etc/passwd", "", "/etc/localtime"])
def test_zones_that_are_none(zone: str) -> None:
    with pytest.raises(InvalidScheduleError):
        parse("cron(0 10 * * ? *)", zone)


def test_the_shortest_interval_of_a_cron_expression() -> None:
    assert shortest_ms(parse("cron(0/5 * * * ? *)")) == 300_000
    assert shortest_ms(parse("cron(* * * * ? *)")) == 60_000


fields = st.tuples(
    st.sampled_from(["*", "0", "0/7", "5-10", "58-3", "1,2,59"]),
    st.sampled_from(["*", "0", "22-3", "0/5"]),
    st.sampled_from([("*", "?"), ("?", "*"), ("L", "?"), ("15W", "?"), ("?", "2#2"), ("?", "6L"), ("1-7", "?")]),
    st.sampled_from(["*", "2", "11-2", "JAN,JUN"]),
)


@given(fields, st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)))
def test_the_next_time_is_the_first_minute_that_fits(parts: tuple, start: datetime) -> None:
    """Against the plain way: looking at each minute."""
    minute, hour, (day, weekday), month = parts
    schedule = parse(f"cron({minute} {hour} {day} {month} {weekday} *)")
    assert isinstance(schedule, Cron)
    after = start.replace(second=0, microsecond=0, tzinfo=UTC)
    found = schedule.next_ms(round(after.timestamp() * 1000), 0)
    assert found is not None
    probe = datetime.fromtimestamp(found / 1000, UTC)
    assert fits(schedule, probe)
    for back in range(1, 200):
        earlier = probe - timedelta(minutes=back)
        if earlier <= after:
            break
        assert not fits(schedule, earlier)


def fits(schedule: Cron, at: datetime) -> bool:
    return (
        at.minute in schedule._minutes and at.hour in schedule._hours and at.month in schedule._months
        and schedule._is_day(at.date())
    )  # fmt: skip
