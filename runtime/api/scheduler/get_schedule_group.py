"""GetScheduleGroup: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetScheduleGroup.html"""

from __future__ import annotations

from runtime.api.scheduler.groups import GroupShape, shape
from runtime.api.scheduler.registry import SCHEDULER
from runtime.api.scheduler.shapes import NameLabel, SchedulerShape
from runtime.events.service import Events
from streamcore.api.aws.service import Call


class GetScheduleGroupInput(SchedulerShape, frozen=True, kw_only=True):
    name: NameLabel


@SCHEDULER.action("GetScheduleGroup", "GET", "/schedule-groups/{Name}")
async def get_schedule_group(events: Events, call: Call, input_: GetScheduleGroupInput) -> GroupShape:
    """A group without its schedules."""
    return shape(events.schedules.group(call.scope, input_.name))
