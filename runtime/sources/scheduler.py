"""Schedules of EventBridge Scheduler whose target has no input of its own (built by runtime/model/scheduler)."""

from __future__ import annotations

from typing import Final

from runtime.model.scheduler import DEFAULT_GROUP, Schedule, ScheduleTarget, input_of
from runtime.sources.registry import Invocation, Source


def _example() -> bytes:
    target = ScheduleTarget(
        arn="arn:aws:lambda:us-east-1:123456789012:function:example",
        role="arn:aws:iam::123456789012:role/example",
    )
    schedule = Schedule(
        name="ExampleSchedule",
        group=DEFAULT_GROUP,
        account="123456789012",
        region="us-east-1",
        expression="rate(5 minutes)",
        target=target,
    )
    return input_of(schedule, 0, "cdc73f9d-aea9-11e3-9d5a-835b769c0d9c")


SOURCE: Final = Source(
    event_source="aws.scheduler",
    about="The time of a schedule of EventBridge Scheduler without an `Input` has come.",
    invocation=Invocation.ASYNCHRONOUS,
    template="scheduled",
    example=_example,
)
