"""Rules of EventBridge with a schedule (built by runtime/model/event_rule)."""

from __future__ import annotations

from typing import Final

from runtime.model.event_rule import Rule, scheduled_event
from runtime.sources.registry import Invocation, Source


def _example() -> bytes:
    rule = Rule(name="ExampleRule", account="123456789012", region="us-east-1", schedule="rate(5 minutes)")
    return scheduled_event(rule, "cdc73f9d-aea9-11e3-9d5a-835b769c0d9c", 0)


SOURCE: Final = Source(
    event_source="aws.events",
    about="The time of an EventBridge rule with a schedule has come.",
    invocation=Invocation.ASYNCHRONOUS,
    template="scheduled",
    example=_example,
)
