"""ListRuleNamesByTarget: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRuleNamesByTarget.html"""

from __future__ import annotations

from runtime.api.events.shapes import EVENTS, Arn, EventBusNameOrArn, EventsShape, Limit, NextToken, check_bus, paged
from runtime.events.service import Events
from streamcore.api.aws.service import Call


class ListRuleNamesByTargetInput(EventsShape, frozen=True, kw_only=True):
    target_arn: Arn
    event_bus_name: EventBusNameOrArn | None = None
    next_token: NextToken | None = None
    limit: Limit | None = None


class ListRuleNamesByTargetOutput(EventsShape, frozen=True, kw_only=True):
    rule_names: list[str]
    next_token: str | None = None


@EVENTS.action("ListRuleNamesByTarget")
async def list_rule_names_by_target(
    events: Events, call: Call, input_: ListRuleNamesByTargetInput
) -> ListRuleNamesByTargetOutput:
    """The rules with a target of that ARN."""
    check_bus(call, input_.event_bus_name)
    found = {
        rule.name: rule.name
        for rule in events.bus.rules(call.scope)
        if any(target.arn == input_.target_arn for target in rule.targets.values())
    }
    names, token = paged(found, input_.next_token, input_.limit)
    return ListRuleNamesByTargetOutput(rule_names=names, next_token=token)
