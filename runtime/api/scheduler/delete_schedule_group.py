"""DeleteScheduleGroup: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteScheduleGroup.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.scheduler.registry import SCHEDULER
from runtime.api.scheduler.shapes import ClientToken, NameLabel, SchedulerShape
from runtime.events.service import Events
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class DeleteScheduleGroupInput(SchedulerShape, frozen=True, kw_only=True):
    name: NameLabel
    client_token: Annotated[ClientToken, query("clientToken")] | None = None


class DeleteScheduleGroupOutput(SchedulerShape, frozen=True, kw_only=True):
    """Nothing."""


@SCHEDULER.action("DeleteScheduleGroup", "DELETE", "/schedule-groups/{Name}")
async def delete_schedule_group(
    events: Events, call: Call, input_: DeleteScheduleGroupInput
) -> DeleteScheduleGroupOutput:
    """With all its schedules, at once."""
    async with events.schedules.changing:
        await events.schedules.delete_group(events.schedules.group(call.scope, input_.name))
    return DeleteScheduleGroupOutput()
