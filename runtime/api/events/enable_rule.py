"""EnableRule: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EnableRule.html"""

from __future__ import annotations

import msgspec

from runtime.api.events.shapes import EVENTS, EventBusNameOrArn, EventsShape, RuleName, rule_of
from runtime.events.service import Events
from streamcore.api.aws.service import Call


class EnableRuleInput(EventsShape, frozen=True, kw_only=True):
    name: RuleName
    event_bus_name: EventBusNameOrArn | None = None


@EVENTS.action("EnableRule")
async def enable_rule(events: Events, call: Call, input_: EnableRuleInput) -> None:
    """It hears again; a schedule goes on with its next time."""
    async with events.bus.changing:
        rule = rule_of(events, call, input_.name, input_.event_bus_name)
        await events.bus.change(msgspec.structs.replace(rule, is_enabled=True))
