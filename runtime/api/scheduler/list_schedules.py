"""ListSchedules: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListSchedules.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.scheduler.registry import SCHEDULER
from runtime.api.scheduler.shapes import (
    MaxResultsInQuery,
    Name,
    NextTokenInQuery,
    SchedulerShape,
    State,
    at,
    paged,
)
from runtime.events.service import Events
from runtime.model.scheduler import Schedule
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp


class ListSchedulesInput(SchedulerShape, frozen=True, kw_only=True):
    group_name: Annotated[Name, query("ScheduleGroup")] | None = None
    name_prefix: Annotated[Name, query()] | None = None
    state: Annotated[State, query()] | None = None
    next_token: NextTokenInQuery | None = None
    max_results: MaxResultsInQuery | None = None


class TargetSummary(SchedulerShape, frozen=True, kw_only=True):
    arn: str


class ScheduleSummary(SchedulerShape, frozen=True, kw_only=True):
    arn: str
    name: str
    group_name: str
    state: State
    creation_date: Timestamp | None = None
    last_modification_date: Timestamp | None = None
    target: TargetSummary


class ListSchedulesOutput(SchedulerShape, frozen=True, kw_only=True):
    next_token: str | None = None
    schedules: list[ScheduleSummary]


@SCHEDULER.action("ListSchedules", "GET", "/schedules")
async def list_schedules(events: Events, call: Call, input_: ListSchedulesInput) -> ListSchedulesOutput:
    """In the order of their groups and names."""
    if input_.group_name is not None:
        events.schedules.group(call.scope, input_.group_name)
    found = {
        f"{each.group}/{each.name}": each for each in events.schedules.schedules(call.scope) if _fits(each, input_)
    }
    schedules, token = paged(found, input_.next_token, input_.max_results)
    return ListSchedulesOutput(schedules=[_summary(each) for each in schedules], next_token=token)


def _fits(schedule: Schedule, input_: ListSchedulesInput) -> bool:
    return (
        input_.group_name in (None, schedule.group)
        and schedule.name.startswith(input_.name_prefix or "")
        and (input_.state is None or (input_.state is State.ENABLED) is schedule.is_enabled)
    )


def _summary(schedule: Schedule) -> ScheduleSummary:
    return ScheduleSummary(
        arn=schedule.arn,
        name=schedule.name,
        group_name=schedule.group,
        state=State.ENABLED if schedule.is_enabled else State.DISABLED,
        creation_date=at(schedule.created_ms),
        last_modification_date=at(schedule.modified_ms),
        target=TargetSummary(arn=schedule.target.arn),
    )
