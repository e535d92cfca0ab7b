"""DisableRule: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DisableRule.html"""

from __future__ import annotations

import msgspec

from runtime.api.events.shapes import EVENTS, EventBusNameOrArn, EventsShape, RuleName, rule_of
from runtime.events.service import Events
from streamcore.api.aws.service import Call


class DisableRuleInput(EventsShape, frozen=True, kw_only=True):
    name: RuleName
    event_bus_name: EventBusNameOrArn | None = None


@EVENTS.action("DisableRule")
async def disable_rule(events: Events, call: Call, input_: DisableRuleInput) -> None:
    """It is deaf, and its schedule does not fire."""
    async with events.bus.changing:
        rule = rule_of(events, call, input_.name, input_.event_bus_name)
        await events.bus.change(msgspec.structs.replace(rule, is_enabled=False))
