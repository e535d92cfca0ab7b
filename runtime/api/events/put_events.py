"""PutEvents: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html"""

from __future__ import annotations

import uuid
from typing import Annotated, Final, NamedTuple

import msgspec

from runtime.api.events.shapes import EVENTS, EventsShape, NonPartnerEventBusNameOrArn, Refused, check_bus
from runtime.errors import EventRuleNotFoundError, InvalidEventRuleError
from runtime.events.service import Events
from runtime.model.event_rule import ENTRY_MAX_BYTES, Event, is_object
from runtime.model.schedule import told_ms
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp, text

#: What a Time counts for in the size of an entry (user guide, "Calculating PutEvents event entry size").
_TIME_BYTES: Final = 14
#: The year 9999: events carry no more digits.
_TIME_MAX_MS: Final = 253_402_300_799_000


class Entry(EventsShape, frozen=True, kw_only=True):
    time: Timestamp | None = None
    source: str | None = None
    resources: list[Annotated[str, msgspec.Meta(max_length=2048)]] | None = None
    detail_type: str | None = None
    detail: str | None = None
    event_bus_name: NonPartnerEventBusNameOrArn | None = None
    trace_header: Annotated[str, text(1, 500)] | None = None


class PutEventsInput(EventsShape, frozen=True, kw_only=True):
    entries: Annotated[list[Entry], msgspec.Meta(min_length=1, max_length=10)]
    endpoint_id: Refused | None = None


class ResultEntry(EventsShape, frozen=True, kw_only=True):
    event_id: str | None = None
    error_code: str | None = None
    error_message: str | None = None


class PutEventsOutput(EventsShape, frozen=True, kw_only=True):
    failed_entry_count: int
    entries: list[ResultEntry]


class _Bad(NamedTuple):
    code: str
    message: str


@EVENTS.action("PutEvents")
async def put_events(events: Events, call: Call, input_: PutEventsInput) -> PutEventsOutput:
    """Good entries are on their way when this answers, bad ones are told in their places."""
    if input_.endpoint_id is not None:
        raise InvalidEventRuleError("Parameter EndpointId is not valid. Reason: there are no global endpoints here.")
    if sum(map(_size, input_.entries)) > ENTRY_MAX_BYTES:
        raise InvalidEventRuleError("Total size of the entries in the request is over the limit.")
    read = [_read(call, entry) for entry in input_.entries]
    await events.bus.put_events([each for each in read if isinstance(each, Event)])
    results = [_result(each) for each in read]
    return PutEventsOutput(failed_entry_count=sum(isinstance(each, _Bad) for each in read), entries=results)


def _size(entry: Entry) -> int:
    texts = (entry.source, entry.detail_type, entry.detail, *(entry.resources or ()))
    return sum(len(each.encode(errors="replace")) for each in texts if each) + _TIME_BYTES * (entry.time is not None)


def _read(call: Call, entry: Entry) -> Event | _Bad:
    """The event of an entry, or what is wrong with it."""
    for name, value in (("Source", entry.source), ("DetailType", entry.detail_type), ("Detail", entry.detail)):
        if not value:
            return _Bad("InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument.")
    source, detail = entry.source or "", entry.detail or ""
    if source.startswith("aws."):
        return _Bad("NotAuthorizedForSourceException", "Not authorized for the source.")
    if not is_object(detail):
        return _Bad("MalformedDetail", "Detail is malformed.")
    at_ms = call.broker.clock.now_ms() if entry.time is None else entry.time.ms
    if not 0 <= at_ms <= _TIME_MAX_MS:
        return _Bad("InvalidArgument", "Parameter Time is not valid. Reason: it is out of range.")
    try:
        check_bus(call, entry.event_bus_name)
    except EventRuleNotFoundError as error:
        return _Bad("InvalidArgument", str(error))
    return Event(
        id=str(uuid.uuid4()),
        detail_type=entry.detail_type or "",
        source=source,
        account=call.scope.account,
        time=told_ms(at_ms),
        region=call.scope.region,
        resources=list(entry.resources or ()),
        detail=msgspec.Raw(detail.encode()),
    )


def _result(read: Event | _Bad) -> ResultEntry:
    if isinstance(read, Event):
        return ResultEntry(event_id=read.id)
    return ResultEntry(error_code=read.code, error_message=read.message)
