"""UpdateSchedule: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html"""

from __future__ import annotations

from runtime.api.scheduler.registry import SCHEDULER
from runtime.api.scheduler.schedules import ScheduleArnOutput, ScheduleInput, schedule_of
from runtime.events.service import Events
from streamcore.api.aws.service import Call


@SCHEDULER.action("UpdateSchedule", "PUT", "/schedules/{Name}")
async def update_schedule(events: Events, call: Call, input_: ScheduleInput) -> ScheduleArnOutput:
    """Says anew all that a schedule is: what is not given goes back to its default."""
    schedule = schedule_of(events, call, input_)
    async with events.schedules.changing:
        made = await events.schedules.update(schedule)
    return ScheduleArnOutput(schedule_arn=made.arn)
