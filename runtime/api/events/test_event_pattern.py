"""TestEventPattern: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html"""

from __future__ import annotations

from typing import Any, Final

from runtime.api.events.shapes import EVENTS, EventPattern, EventsShape
from runtime.errors import InvalidEventRuleError
from runtime.events.service import Events
from runtime.model.patterns import Pattern, read_event
from streamcore.api.aws.service import Call

_MANDATORY: Final = ("id", "account", "source", "time", "region", "resources", "detail-type")


class TestEventPatternInput(EventsShape, frozen=True, kw_only=True):
    event_pattern: EventPattern
    event: str


class TestEventPatternOutput(EventsShape, frozen=True, kw_only=True):
    result: bool


@EVENTS.action("TestEventPattern")
async def test_event_pattern(events: Events, call: Call, input_: TestEventPatternInput) -> TestEventPatternOutput:
    """Whether a pattern matches an event, which has to be a whole one."""
    pattern = Pattern(input_.event_pattern)
    return TestEventPatternOutput(result=pattern.matches(_event(input_.event)))


def _event(text: str) -> dict[str, Any]:
    try:
        event = read_event(text)
    except ValueError as error:
        raise InvalidEventRuleError("Parameter Event is not valid. Reason: it is no JSON.") from error
    absent = [name for name in _MANDATORY if not isinstance(event, dict) or name not in event]
    if absent:
        raise InvalidEventRuleError(f"Parameter Event is not valid. Reason: {absent[0]} is a required argument.")
    assert isinstance(event, dict)
    return event
