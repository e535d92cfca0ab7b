"""PutRule: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"""

from __future__ import annotations

from runtime.api.events.shapes import (
    EVENTS,
    Arn,
    EventBusNameOrArn,
    EventPattern,
    EventsShape,
    RuleDescription,
    RuleName,
    RuleState,
    ScheduleExpression,
    check_bus,
)
from runtime.api.events.tags import Tag, merged
from runtime.errors import InvalidEventRuleError
from runtime.events.service import Events, bus_arn
from runtime.model.event_rule import DEFAULT_BUS, Rule
from streamcore.api.aws.service import Call


class PutRuleInput(EventsShape, frozen=True, kw_only=True):
    name: RuleName
    schedule_expression: ScheduleExpression | None = None
    event_pattern: EventPattern | None = None
    state: RuleState | None = None
    description: RuleDescription | None = None
    role_arn: Arn | None = None
    tags: list[Tag] | None = None
    event_bus_name: EventBusNameOrArn | None = None


class PutRuleOutput(EventsShape, frozen=True, kw_only=True):
    rule_arn: str


@EVENTS.action("PutRule")
async def put_rule(events: Events, call: Call, input_: PutRuleInput) -> PutRuleOutput:
    """Makes a rule, or says anew what it is; its targets stay, and its tags, too."""
    if input_.schedule_expression and input_.event_bus_name not in (None, DEFAULT_BUS, bus_arn(call.scope)):
        raise InvalidEventRuleError("ScheduleExpression is supported only on the default event bus.")
    check_bus(call, input_.event_bus_name)
    if input_.state is RuleState.WITH_CLOUDTRAIL:
        raise InvalidEventRuleError("Parameter State is not valid. Reason: there are no CloudTrail events here.")
    rule = Rule(
        name=input_.name,
        account=call.scope.account,
        region=call.scope.region,
        pattern=input_.event_pattern or "",
        schedule=input_.schedule_expression or "",
        is_enabled=input_.state is not RuleState.DISABLED,
        description=input_.description or "",
        role=input_.role_arn or "",
        tags=merged({}, input_.tags or []),
    )
    async with events.bus.changing:
        made = await events.bus.put_rule(rule)
    return PutRuleOutput(rule_arn=made.arn)
