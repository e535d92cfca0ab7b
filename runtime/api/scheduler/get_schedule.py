"""GetSchedule: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.scheduler.registry import SCHEDULER
from runtime.api.scheduler.shapes import (
    AfterCompletion,
    FlexibleTimeWindow,
    Name,
    NameLabel,
    SchedulerShape,
    State,
    WindowMode,
    at,
)
from runtime.api.scheduler.targets import TargetShape, told
from runtime.events.service import Events
from runtime.model.scheduler import DEFAULT_GROUP
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp


class GetScheduleInput(SchedulerShape, frozen=True, kw_only=True):
    name: NameLabel
    group_name: Annotated[Name, query("groupName")] | None = None


class GetScheduleOutput(SchedulerShape, frozen=True, kw_only=True):
    arn: str
    group_name: str
    name: str
    schedule_expression: str
    start_date: Timestamp | None = None
    end_date: Timestamp | None = None
    description: str | None = None
    schedule_expression_timezone: str
    state: State
    creation_date: Timestamp | None = None
    last_modification_date: Timestamp | None = None
    kms_key_arn: str | None = None
    target: TargetShape
    flexible_time_window: FlexibleTimeWindow
    action_after_completion: AfterCompletion


@SCHEDULER.action("GetSchedule", "GET", "/schedules/{Name}")
async def get_schedule(events: Events, call: Call, input_: GetScheduleInput) -> GetScheduleOutput:
    """All there is to say about a schedule."""
    found = events.schedules.schedule(call.scope, input_.group_name or DEFAULT_GROUP, input_.name)
    mode = WindowMode.FLEXIBLE if found.window_minutes else WindowMode.OFF
    return GetScheduleOutput(
        arn=found.arn,
        group_name=found.group,
        name=found.name,
        schedule_expression=found.expression,
        start_date=at(found.start_ms),
        end_date=at(found.end_ms),
        description=found.description or None,
        schedule_expression_timezone=found.zone,
        state=State.ENABLED if found.is_enabled else State.DISABLED,
        creation_date=at(found.created_ms),
        last_modification_date=at(found.modified_ms),
        kms_key_arn=found.kms_key or None,
        target=told(found.target),
        flexible_time_window=FlexibleTimeWindow(mode=mode, maximum_window_in_minutes=found.window_minutes or None),
        action_after_completion=AfterCompletion.DELETE if found.is_deleted_after else AfterCompletion.NONE,
    )
