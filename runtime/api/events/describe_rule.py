"""DescribeRule: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html"""

from __future__ import annotations

from runtime.api.events.shapes import EVENTS, EventBusNameOrArn, EventsShape, RuleName, RuleState, rule_of, state_of
from runtime.events.service import Events
from streamcore.api.aws.service import Call


class DescribeRuleInput(EventsShape, frozen=True, kw_only=True):
    name: RuleName
    event_bus_name: EventBusNameOrArn | None = None


class DescribeRuleOutput(EventsShape, frozen=True, kw_only=True):
    name: str
    arn: str
    event_pattern: str | None = None
    schedule_expression: str | None = None
    state: RuleState
    description: str | None = None
    role_arn: str | None = None
    event_bus_name: str
    created_by: str


@EVENTS.action("DescribeRule")
async def describe_rule(events: Events, call: Call, input_: DescribeRuleInput) -> DescribeRuleOutput:
    """A rule without its targets."""
    rule = rule_of(events, call, input_.name, input_.event_bus_name)
    return DescribeRuleOutput(
        name=rule.name,
        arn=rule.arn,
        event_pattern=rule.pattern or None,
        schedule_expression=rule.schedule or None,
        state=state_of(rule),
        description=rule.description or None,
        role_arn=rule.role or None,
        event_bus_name=rule.bus,
        created_by=rule.account,
    )
