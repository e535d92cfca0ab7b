"""ListRules: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html"""

from __future__ import annotations

from runtime.api.events.shapes import (
    EVENTS,
    EventBusNameOrArn,
    EventsShape,
    Limit,
    NextToken,
    RuleName,
    RuleState,
    check_bus,
    paged,
    state_of,
)
from runtime.events.service import Events
from runtime.model.event_rule import Rule
from streamcore.api.aws.service import Call


class ListRulesInput(EventsShape, frozen=True, kw_only=True):
    name_prefix: RuleName | None = None
    event_bus_name: EventBusNameOrArn | None = None
    next_token: NextToken | None = None
    limit: Limit | None = None


class RuleShape(EventsShape, frozen=True, kw_only=True):
    name: str
    arn: str
    event_pattern: str | None = None
    state: RuleState
    description: str | None = None
    schedule_expression: str | None = None
    role_arn: str | None = None
    event_bus_name: str


class ListRulesOutput(EventsShape, frozen=True, kw_only=True):
    rules: list[RuleShape]
    next_token: str | None = None


@EVENTS.action("ListRules")
async def list_rules(events: Events, call: Call, input_: ListRulesInput) -> ListRulesOutput:
    """The caller's rules, in the order of their names."""
    check_bus(call, input_.event_bus_name)
    prefix = input_.name_prefix or ""
    named = {rule.name: rule for rule in events.bus.rules(call.scope) if rule.name.startswith(prefix)}
    rules, token = paged(named, input_.next_token, input_.limit)
    return ListRulesOutput(rules=[_shape(rule) for rule in rules], next_token=token)


def _shape(rule: Rule) -> RuleShape:
    return RuleShape(
        name=rule.name,
        arn=rule.arn,
        event_pattern=rule.pattern or None,
        state=state_of(rule),
        description=rule.description or None,
        schedule_expression=rule.schedule or None,
        role_arn=rule.role or None,
        event_bus_name=rule.bus,
    )
