"""What CreateSchedule and UpdateSchedule share: their input and the schedule that it stands for."""

from __future__ import annotations

from runtime.api.scheduler.shapes import (
    AfterCompletion,
    ClientToken,
    Description,
    FlexibleTimeWindow,
    KmsKeyArn,
    Name,
    NameLabel,
    ScheduleExpression,
    SchedulerShape,
    State,
    Timezone,
    WindowMode,
)
from runtime.api.scheduler.targets import TargetShape, kept
from runtime.errors import SchedulerError
from runtime.events.service import Events
from runtime.model.scheduler import DEFAULT_GROUP, Schedule
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp


class ScheduleInput(SchedulerShape, frozen=True, kw_only=True):
    name: NameLabel
    group_name: Name | None = None
    schedule_expression: ScheduleExpression
    start_date: Timestamp | None = None
    end_date: Timestamp | None = None
    description: Description | None = None
    schedule_expression_timezone: Timezone | None = None
    state: State | None = None
    kms_key_arn: KmsKeyArn | None = None
    target: TargetShape
    flexible_time_window: FlexibleTimeWindow
    client_token: ClientToken | None = None
    action_after_completion: AfterCompletion | None = None


class ScheduleArnOutput(SchedulerShape, frozen=True, kw_only=True):
    schedule_arn: str


def schedule_of(events: Events, call: Call, input_: ScheduleInput) -> Schedule:
    """Raises SchedulerError."""
    window = input_.flexible_time_window
    if (window.mode is WindowMode.FLEXIBLE) is (window.maximum_window_in_minutes is None):
        raise SchedulerError("MaximumWindowInMinutes must be specified with the mode FLEXIBLE, and only with it.")
    return Schedule(
        name=input_.name,
        group=input_.group_name or DEFAULT_GROUP,
        account=call.scope.account,
        region=call.scope.region,
        expression=input_.schedule_expression,
        zone=input_.schedule_expression_timezone or "UTC",
        start_ms=None if input_.start_date is None else input_.start_date.ms,
        end_ms=None if input_.end_date is None else input_.end_date.ms,
        window_minutes=window.maximum_window_in_minutes or 0,
        is_deleted_after=input_.action_after_completion is AfterCompletion.DELETE,
        is_enabled=input_.state is not State.DISABLED,
        description=input_.description or "",
        kms_key=input_.kms_key_arn or "",
        token=input_.client_token or "",
        target=kept(events, call, input_.target),
    )
