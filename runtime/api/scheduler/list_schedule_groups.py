"""ListScheduleGroups: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListScheduleGroups.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.scheduler.groups import GroupShape, shape
from runtime.api.scheduler.registry import SCHEDULER
from runtime.api.scheduler.shapes import MaxResultsInQuery, Name, NextTokenInQuery, SchedulerShape, paged
from runtime.events.service import Events
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class ListScheduleGroupsInput(SchedulerShape, frozen=True, kw_only=True):
    name_prefix: Annotated[Name, query()] | None = None
    next_token: NextTokenInQuery | None = None
    max_results: MaxResultsInQuery | None = None


class ListScheduleGroupsOutput(SchedulerShape, frozen=True, kw_only=True):
    next_token: str | None = None
    schedule_groups: list[GroupShape]


@SCHEDULER.action("ListScheduleGroups", "GET", "/schedule-groups")
async def list_schedule_groups(events: Events, call: Call, input_: ListScheduleGroupsInput) -> ListScheduleGroupsOutput:
    """In the order of their names."""
    prefix = input_.name_prefix or ""
    found = {each.name: each for each in events.schedules.groups(call.scope) if each.name.startswith(prefix)}
    groups, token = paged(found, input_.next_token, input_.max_results)
    return ListScheduleGroupsOutput(schedule_groups=[shape(each) for each in groups], next_token=token)
