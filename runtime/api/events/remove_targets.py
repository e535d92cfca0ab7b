"""RemoveTargets: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemoveTargets.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.events.shapes import EVENTS, EventBusNameOrArn, EventsShape, FailedEntry, RuleName, TargetId, rule_of
from runtime.events.service import Events
from streamcore.api.aws.service import Call


class RemoveTargetsInput(EventsShape, frozen=True, kw_only=True):
    rule: RuleName
    event_bus_name: EventBusNameOrArn | None = None
    ids: Annotated[list[TargetId], msgspec.Meta(min_length=1, max_length=100)]
    force: bool | None = None


class RemoveTargetsOutput(EventsShape, frozen=True, kw_only=True):
    failed_entry_count: int
    failed_entries: list[FailedEntry]


@EVENTS.action("RemoveTargets")
async def remove_targets(events: Events, call: Call, input_: RemoveTargetsInput) -> RemoveTargetsOutput:
    """Those of these ids; deliveries that are under way arrive."""
    async with events.bus.changing:
        await events.bus.remove_targets(rule_of(events, call, input_.rule, input_.event_bus_name), input_.ids)
    return RemoveTargetsOutput(failed_entry_count=0, failed_entries=[])
