"""CreateScheduleGroup: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html"""

from __future__ import annotations

from runtime.api.scheduler.groups import merged
from runtime.api.scheduler.registry import SCHEDULER
from runtime.api.scheduler.shapes import ClientToken, NameLabel, SchedulerShape, Tags
from runtime.events.service import Events
from runtime.model.scheduler import ScheduleGroup
from streamcore.api.aws.service import Call


class CreateScheduleGroupInput(SchedulerShape, frozen=True, kw_only=True):
    name: NameLabel
    tags: Tags | None = None
    client_token: ClientToken | None = None


class CreateScheduleGroupOutput(SchedulerShape, frozen=True, kw_only=True):
    schedule_group_arn: str


@SCHEDULER.action("CreateScheduleGroup", "POST", "/schedule-groups/{Name}")
async def create_schedule_group(
    events: Events, call: Call, input_: CreateScheduleGroupInput
) -> CreateScheduleGroupOutput:
    """Makes a group; the same request again, by its token, is the same group."""
    now_ms = call.broker.clock.now_ms()
    group = ScheduleGroup(
        name=input_.name,
        account=call.scope.account,
        region=call.scope.region,
        tags=merged({}, input_.tags or []),
        token=input_.client_token or "",
        created_ms=now_ms,
        modified_ms=now_ms,
    )
    async with events.schedules.changing:
        made = await events.schedules.create_group(group)
    return CreateScheduleGroupOutput(schedule_group_arn=made.arn)
