"""DeleteRule: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html"""

from __future__ import annotations

from runtime.api.events.shapes import EVENTS, EventBusNameOrArn, EventsShape, RuleName, check_bus, rule_of
from runtime.errors import EventRuleNotFoundError
from runtime.events.service import Events
from streamcore.api.aws.service import Call


class DeleteRuleInput(EventsShape, frozen=True, kw_only=True):
    name: RuleName
    event_bus_name: EventBusNameOrArn | None = None
    force: bool | None = None


@EVENTS.action("DeleteRule")
async def delete_rule(events: Events, call: Call, input_: DeleteRuleInput) -> None:
    """One that has no targets any more; one that is not there is as good as deleted. `Force` is about managed rules,
    which there are none of."""
    check_bus(call, input_.event_bus_name)
    async with events.bus.changing:
        try:
            rule = rule_of(events, call, input_.name, input_.event_bus_name)
        except EventRuleNotFoundError:
            return
        await events.bus.delete_rule(rule)
