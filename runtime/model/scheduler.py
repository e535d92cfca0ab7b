"""EventBridge Scheduler: schedules, their groups, when they fire and what their targets get.

Source: EventBridge Scheduler user guide ("schedule types", "templated targets", "context attributes"), service model.
"""

from __future__ import annotations

from typing import Final

import msgspec

from runtime.errors import InvalidScheduleError, SchedulerError
from runtime.model.event_rule import AGE_DEFAULT_S, RETRIES_DEFAULT, Event, check_interval, is_object
from runtime.model.schedule import At, Rate, find_zone, parse, told_ms

DEFAULT_GROUP: Final = "default"
SCHEDULES_MAX: Final = 100_000
GROUPS_MAX: Final = 500
#: What a function or a stream takes, too.
INPUT_MAX_BYTES: Final = 262_144


class ScheduleTarget(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is called. `source` and `detail_type` are for the event bus alone."""

    arn: str
    role: str
    input: str = ""
    partition_key: str = ""
    source: str = ""
    detail_type: str = ""
    group_id: str = ""
    retries: int = RETRIES_DEFAULT
    age_s: int = AGE_DEFAULT_S
    dead_letter: str = ""


class Schedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A schedule. `origin_ms` is what a rate without a start counts from; `fired_ms` is the time up to which all was
    done; `token` is the client token that it was made with."""

    name: str
    group: str
    account: str
    region: str
    expression: str
    target: ScheduleTarget
    zone: str = "UTC"
    start_ms: int | None = None
    end_ms: int | None = None
    window_minutes: int = 0
    is_deleted_after: bool = False
    is_enabled: bool = True
    description: str = ""
    kms_key: str = ""
    token: str = ""
    created_ms: int = 0
    modified_ms: int = 0
    origin_ms: int = 0
    fired_ms: int = 0

    @property
    def arn(self) -> str:
        return f"arn:aws:scheduler:{self.region}:{self.account}:schedule/{self.group}/{self.name}"


class ScheduleGroup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A group; the one named default is there without being made, and then has no times."""

    name: str
    account: str
    region: str
    tags: dict[str, str] = {}
    token: str = ""
    created_ms: int = 0
    modified_ms: int = 0

    @property
    def arn(self) -> str:
        return f"arn:aws:scheduler:{self.region}:{self.account}:schedule-group/{self.name}"


def check_schedule(schedule: Schedule, least_interval_ms: int) -> None:
    """Raises SchedulerError, InvalidEventRuleError."""
    try:
        find_zone(schedule.zone)
    except InvalidScheduleError as error:
        raise SchedulerError(f"The provided timezone {schedule.zone} is invalid.") from error
    try:
        parsed = parse(schedule.expression, schedule.zone)
    except InvalidScheduleError as error:
        raise SchedulerError(f"Invalid Schedule Expression {schedule.expression}.") from error
    check_interval(parsed, least_interval_ms)
    if schedule.start_ms is not None and schedule.end_ms is not None and schedule.start_ms >= schedule.end_ms:
        raise SchedulerError("The StartDate you specify must be earlier than the EndDate.")
    _check_input(schedule.target)


def _check_input(target: ScheduleTarget) -> None:
    if len(target.input.encode(errors="replace")) > INPUT_MAX_BYTES:
        raise SchedulerError(f"Input is more than {INPUT_MAX_BYTES} bytes.")
    if target.detail_type and target.input and not is_object(target.input):
        raise SchedulerError("Input of an event bus has to be a JSON object.")


def next_ms(schedule: Schedule) -> int | None:
    """The next time behind `fired_ms`; None when there is none any more.

    A rate fires first at its start, and where none is given, at once.
    """
    parsed = parse(schedule.expression, schedule.zone)
    if isinstance(parsed, At):  # start and end are not for a single time
        return parsed.next_ms(schedule.fired_ms, 0)
    start_ms = schedule.origin_ms if schedule.start_ms is None else schedule.start_ms
    after_ms = max(schedule.fired_ms, start_ms - 1)
    if isinstance(parsed, Rate):
        found = parsed.next_ms(after_ms, start_ms - parsed.every_ms)
    else:
        found = parsed.next_ms(after_ms, start_ms)
    return None if found is None or (schedule.end_ms is not None and found > schedule.end_ms) else found


def input_of(schedule: Schedule, at_ms: int, execution_id: str) -> bytes:
    """What the target gets: the input with its context attributes, or an event that says what happened."""
    if schedule.target.input:
        attributes = {
            "<aws.scheduler.schedule-arn>": schedule.arn,
            "<aws.scheduler.scheduled-time>": told_ms(at_ms),
            "<aws.scheduler.execution-id>": execution_id,
            "<aws.scheduler.attempt-number>": "1",
        }
        text = schedule.target.input
        for name, value in attributes.items():
            text = text.replace(name, value)
        return text.encode(errors="replace")
    return msgspec.json.encode(
        Event(
            id=execution_id,
            detail_type="Scheduled Event",
            source="aws.scheduler",
            account=schedule.account,
            time=told_ms(at_ms),
            region=schedule.region,
            resources=[schedule.arn],
            detail=msgspec.Raw(b'"{}"'),
        )
    )
