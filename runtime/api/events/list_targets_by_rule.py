"""ListTargetsByRule: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTargetsByRule.html"""

from __future__ import annotations

from runtime.api.events.shapes import EVENTS, EventBusNameOrArn, EventsShape, Limit, NextToken, RuleName, paged, rule_of
from runtime.api.events.targets import TargetShape, told
from runtime.events.service import Events
from streamcore.api.aws.service import Call


class ListTargetsByRuleInput(EventsShape, frozen=True, kw_only=True):
    rule: RuleName
    event_bus_name: EventBusNameOrArn | None = None
    next_token: NextToken | None = None
    limit: Limit | None = None


class ListTargetsByRuleOutput(EventsShape, frozen=True, kw_only=True):
    targets: list[TargetShape]
    next_token: str | None = None


@EVENTS.action("ListTargetsByRule")
async def list_targets_by_rule(events: Events, call: Call, input_: ListTargetsByRuleInput) -> ListTargetsByRuleOutput:
    """In the order of their ids."""
    rule = rule_of(events, call, input_.rule, input_.event_bus_name)
    targets, token = paged(rule.targets, input_.next_token, input_.limit)
    return ListTargetsByRuleOutput(targets=[told(target) for target in targets], next_token=token)
