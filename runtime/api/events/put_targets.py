"""PutTargets: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.events.shapes import EVENTS, EventBusNameOrArn, EventsShape, FailedEntry, RuleName, rule_of
from runtime.api.events.targets import TargetShape, kept, refusal
from runtime.events.service import Events
from streamcore.api.aws.service import Call


class PutTargetsInput(EventsShape, frozen=True, kw_only=True):
    rule: RuleName
    event_bus_name: EventBusNameOrArn | None = None
    targets: Annotated[list[TargetShape], msgspec.Meta(min_length=1, max_length=100)]


class PutTargetsOutput(EventsShape, frozen=True, kw_only=True):
    failed_entry_count: int
    failed_entries: list[FailedEntry]


@EVENTS.action("PutTargets")
async def put_targets(events: Events, call: Call, input_: PutTargetsInput) -> PutTargetsOutput:
    """Adds targets, or changes those of the same ids; what cannot be had here is told beside what was done."""
    async with events.bus.changing:
        rule = rule_of(events, call, input_.rule, input_.event_bus_name)
        refusals = {shape.id: refusal(events, shape) for shape in input_.targets}
        taken = [kept(shape) for shape in input_.targets if refusals[shape.id] is None]
        await events.bus.put_targets(rule, taken)
    failed = [entry for entry in refusals.values() if entry is not None]
    return PutTargetsOutput(failed_entry_count=len(failed), failed_entries=failed)
