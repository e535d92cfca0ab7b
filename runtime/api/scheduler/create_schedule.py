"""CreateSchedule: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html"""

from __future__ import annotations

from runtime.api.scheduler.registry import SCHEDULER
from runtime.api.scheduler.schedules import ScheduleArnOutput, ScheduleInput, schedule_of
from runtime.events.service import Events
from streamcore.api.aws.service import Call


@SCHEDULER.action("CreateSchedule", "POST", "/schedules/{Name}")
async def create_schedule(events: Events, call: Call, input_: ScheduleInput) -> ScheduleArnOutput:
    """Makes a schedule; the same request again, by its token, is the same schedule."""
    schedule = schedule_of(events, call, input_)
    async with events.schedules.changing:
        made = await events.schedules.create(schedule)
    return ScheduleArnOutput(schedule_arn=made.arn)
