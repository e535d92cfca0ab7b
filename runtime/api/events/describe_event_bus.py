"""DescribeEventBus: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html"""

from __future__ import annotations

from runtime.api.events.shapes import EVENTS, EventBusNameOrArn, EventsShape, check_bus
from runtime.events.service import Events, bus_arn
from runtime.model.event_rule import DEFAULT_BUS
from streamcore.api.aws.service import Call


class DescribeEventBusInput(EventsShape, frozen=True, kw_only=True):
    name: EventBusNameOrArn | None = None


class DescribeEventBusOutput(EventsShape, frozen=True, kw_only=True):
    name: str
    arn: str


@EVENTS.action("DescribeEventBus")
async def describe_event_bus(events: Events, call: Call, input_: DescribeEventBusInput) -> DescribeEventBusOutput:
    """The default bus."""
    check_bus(call, input_.name)
    return DescribeEventBusOutput(name=DEFAULT_BUS, arn=bus_arn(call.scope))
