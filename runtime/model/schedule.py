"""When a schedule fires: `rate(5 minutes)`, `cron(0 10 * * ? *)`, `at(2026-01-31T12:00:00)`.

Grammar: EventBridge user guide, "cron and rate expressions", and what the service was seen to refuse
(`rate(1 minutes)`, leading blanks, both days given). Cron counts in minutes; in a time zone with summer time, a time
that is left out fires when the clock has gone on, and one that comes twice fires once, as EventBridge Scheduler does.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from runtime.errors import InvalidScheduleError

YEAR_MIN, YEAR_MAX = 1970, 2199
MINUTE_MS: Final = 60_000
_RATE: Final = re.compile(r"(?a)\Arate\(([1-9]\d{0,8}) (minute|hour|day)(s?)\)\Z")
_CRON: Final = re.compile(r"(?a)\Acron\(([^()]*)\)\Z")
_AT: Final = re.compile(r"(?a)\Aat\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)\Z")
_UNIT_MS: Final = {"minute": MINUTE_MS, "hour": 60 * MINUTE_MS, "day": 1440 * MINUTE_MS}
_MONTHS: Final = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS: Final = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_NUMBER: Final = re.compile(r"(?a)\A\d{1,4}\Z")

#: Whether a day of a month fires.
DayTest = Callable[[date], bool]


class Rate(msgspec.Struct, frozen=True):
    """Every so often, counted from when the schedule was made."""

    every_ms: int

    def next_ms(self, after_ms: int, start_ms: int) -> int | None:
        """The first time later than `after_ms`; `start_ms` is when it began to count."""
        if after_ms < start_ms:
            return start_ms + self.every_ms
        return start_ms + ((after_ms - start_ms) // self.every_ms + 1) * self.every_ms


class At(msgspec.Struct, frozen=True):
    """Once."""

    at_ms: int

    def next_ms(self, after_ms: int, start_ms: int) -> int | None:
        return self.at_ms if after_ms < self.at_ms else None


class Cron:
    """By the calendar."""

    def __init__(self, text: str, zone: ZoneInfo) -> None:
        """`text` is what stands in the parentheses. Raises InvalidScheduleError."""
        fields = text.split(" ")
        if len(fields) != 6:
            raise InvalidScheduleError
        minute, hour, day, month, weekday, year = fields
        if (day == "?") == (weekday == "?"):
            raise InvalidScheduleError
        self.text = text
        self._zone = zone
        self._minutes = sorted(_values(minute, 0, 59))
        self._hours = sorted(_values(hour, 0, 23))
        self._months = _values(month, 1, 12, _MONTHS)
        self._years = _values(year, YEAR_MIN, YEAR_MAX)
        self._is_day = _day_of_month(day) if weekday == "?" else _day_of_week(weekday)

    def next_ms(self, after_ms: int, start_ms: int) -> int | None:
        """The first time later than `after_ms`; None when there is none any more."""
        local = datetime.fromtimestamp(after_ms / 1000, self._zone)
        # A day earlier, since a time that summer time leaves out is later than the calendar says.
        for day in self._days(local.date() - timedelta(days=1)):
            for at_ms in self._times(day):
                if at_ms > after_ms:
                    return at_ms
        return None

    def _days(self, first: date) -> Iterator[date]:
        for year in sorted(year for year in self._years if year >= first.year):
            for month in sorted(self._months):
                if (year, month) < (first.year, first.month):
                    continue
                for number in range(1, calendar.monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if day >= first and self._is_day(day):
                        yield day

    def _times(self, day: date) -> Iterator[int]:
        for hour in self._hours:
            for minute in self._minutes:
                # The first of two times of that name; one that is left out becomes the hour after it.
                local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self._zone)
                yield round(local.timestamp() * 1000)

    def __repr__(self) -> str:
        return f"<Cron {self.text} {self._zone.key}>"


Schedule = Rate | At | Cron


def parse(text: str, zone: str = "UTC") -> Schedule:
    """Raises InvalidScheduleError."""
    if (match := _RATE.match(text)) is not None:
        return _rate(int(match[1]), match[2], is_plural=bool(match[3]))
    if (match := _CRON.match(text)) is not None:
        return Cron(match[1], find_zone(zone))
    if (match := _AT.match(text)) is not None:
        try:
            local = datetime.fromisoformat(match[1]).replace(tzinfo=find_zone(zone))
        except ValueError as error:
            raise InvalidScheduleError from error
        return At(round(local.timestamp() * 1000))
    raise InvalidScheduleError


def find_zone(name: str) -> ZoneInfo:
    """Raises InvalidScheduleError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidScheduleError from error


def shortest_ms(schedule: Schedule) -> int | None:
    """How close two times are at least, as far as that is plain: for a smallest interval. None for a single time."""
    if isinstance(schedule, Rate):
        return schedule.every_ms
    if isinstance(schedule, At):
        return None
    return min((later - earlier for earlier, later in pairwise(_walk(schedule, 50))), default=None)


def told_ms(at_ms: int) -> str:
    """As the `time` of a scheduled event: `2026-01-31T12:00:00Z`."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _walk(schedule: Cron, count: int) -> Iterator[int]:
    at_ms: int | None = 0
    for _ in range(count):
        assert at_ms is not None
        at_ms = schedule.next_ms(at_ms, 0)
        if at_ms is None:
            return
        yield at_ms


def _rate(value: int, unit: str, *, is_plural: bool) -> Rate:
    if is_plural == (value == 1):
        raise InvalidScheduleError
    return Rate(value * _UNIT_MS[unit])


# ---------------------------------------------------------------- the fields of a cron expression


def _values(text: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """`*`, `5`, `1-5`, `20-2` (round the end), `0/15`, `*/5`, and lists of those."""
    found: set[int] = set()
    for part in text.split(","):
        found |= _part(part, low, high, names or {})
    return frozenset(found)


def _part(text: str, low: int, high: int, names: dict[str, int]) -> set[int]:
    whole, slash, step_text = text.partition("/")
    step = 1
    if slash:
        if not _NUMBER.match(step_text) or int(step_text) < 1:
            raise InvalidScheduleError
        step = int(step_text)
    if whole == "*":
        return set(range(low, high + 1, step))
    first_text, dash, last_text = whole.partition("-")
    first = _number(first_text, low, high, names)
    if not dash:
        return set(range(first, high + 1, step)) if slash else {first}
    last = _number(last_text, low, high, names)
    if first <= last:
        return set(range(first, last + 1, step))
    span = high - low + 1
    return {low + (value - low) % span for value in range(first, last + span + 1, step)}


def _number(text: str, low: int, high: int, names: dict[str, int]) -> int:
    if text in names:
        return names[text]
    if not _NUMBER.match(text) or not low <= int(text) <= high:
        raise InvalidScheduleError
    return int(text)


def _day_of_month(text: str) -> DayTest:
    if text == "L":
        return lambda day: day.day == _last(day)
    if text == "LW":
        return lambda day: day.day == _nearest_workday(day, _last(day))
    if text.endswith("W"):
        wanted = _number(text[:-1], 1, 31, {})
        return lambda day: wanted <= _last(day) and day.day == _nearest_workday(day, wanted)
    if "L" in text or "W" in text:
        raise InvalidScheduleError
    days = _values(text, 1, 31)
    return lambda day: day.day in days


def _day_of_week(text: str) -> DayTest:
    if text == "L":
        return lambda day: _weekday(day) == _DAYS["SAT"]
    if text.endswith("L"):
        last_of = _number(text[:-1], 1, 7, _DAYS)
        return lambda day: _weekday(day) == last_of and day.day + 7 > _last(day)
    name, hash_, ordinal = text.partition("#")
    if hash_:
        weekday, nth = _number(name, 1, 7, _DAYS), _number(ordinal, 1, 5, {})
        return lambda day: _weekday(day) == weekday and (day.day - 1) // 7 + 1 == nth
    days = _values(text, 1, 7, _DAYS)
    return lambda day: _weekday(day) in days


def _weekday(day: date) -> int:
    """1 is Sunday."""
    return day.isoweekday() % 7 + 1


def _last(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_workday(month: date, number: int) -> int:
    """The workday next to a day, in the same month."""
    day = month.replace(day=number)
    if day.isoweekday() == 6:
        return number - 1 if number > 1 else number + 2
    if day.isoweekday() == 7:
        return number + 1 if number < _last(month) else number - 2
    return number
