"""ListEventBuses: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListEventBuses.html"""

from __future__ import annotations

from runtime.api.events.shapes import EVENTS, EventBusName, EventsShape, Limit, NextToken, paged
from runtime.events.service import Events, bus_arn
from runtime.model.event_rule import DEFAULT_BUS
from streamcore.api.aws.service import Call


class ListEventBusesInput(EventsShape, frozen=True, kw_only=True):
    name_prefix: EventBusName | None = None
    next_token: NextToken | None = None
    limit: Limit | None = None


class EventBusShape(EventsShape, frozen=True, kw_only=True):
    name: str
    arn: str


class ListEventBusesOutput(EventsShape, frozen=True, kw_only=True):
    event_buses: list[EventBusShape]
    next_token: str | None = None


@EVENTS.action("ListEventBuses")
async def list_event_buses(events: Events, call: Call, input_: ListEventBusesInput) -> ListEventBusesOutput:
    """The default bus."""
    default = {DEFAULT_BUS: EventBusShape(name=DEFAULT_BUS, arn=bus_arn(call.scope))}
    found = {name: bus for name, bus in default.items() if name.startswith(input_.name_prefix or "")}
    buses, token = paged(found, input_.next_token, input_.limit)
    return ListEventBusesOutput(event_buses=buses, next_token=token)
