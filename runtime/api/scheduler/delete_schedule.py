"""DeleteSchedule: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteSchedule.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.scheduler.registry import SCHEDULER
from runtime.api.scheduler.shapes import ClientToken, Name, NameLabel, SchedulerShape
from runtime.events.service import Events
from runtime.model.scheduler import DEFAULT_GROUP
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class DeleteScheduleInput(SchedulerShape, frozen=True, kw_only=True):
    name: NameLabel
    group_name: Annotated[Name, query("groupName")] | None = None
    client_token: Annotated[ClientToken, query("clientToken")] | None = None


class DeleteScheduleOutput(SchedulerShape, frozen=True, kw_only=True):
    """Nothing."""


@SCHEDULER.action("DeleteSchedule", "DELETE", "/schedules/{Name}")
async def delete_schedule(events: Events, call: Call, input_: DeleteScheduleInput) -> DeleteScheduleOutput:
    """It fires no more; what is under way arrives."""
    async with events.schedules.changing:
        found = events.schedules.schedule(call.scope, input_.group_name or DEFAULT_GROUP, input_.name)
        await events.schedules.delete(found)
    return DeleteScheduleOutput()
