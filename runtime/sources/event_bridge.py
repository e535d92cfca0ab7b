"""Events that programs put on the default bus, as a rule's target gets them without input transformation (built by
runtime/model/event_rule)."""

from __future__ import annotations

from typing import Final

import msgspec

from runtime.model.event_rule import Event, Rule, Target, body_for
from runtime.model.schedule import told_ms
from runtime.sources.registry import Invocation, Source

_ACCOUNT: Final = "123456789012"
_REGION: Final = "us-east-1"
_DETAIL: Final = (
    b'{"EventCategories":["backup"],"SourceType":"SHOP","SourceArn":"arn:shop:1","Date":"2020-04-28T07:20:20.112Z",'
    b'"Message":"Finished backup","SourceIdentifier":"1"}'
)


def _example() -> bytes:
    event = Event(
        id="fe8d3c65-2c87-4a3c-8c5c-81584709a377",
        detail_type="Shop Backup",
        source="com.example.shop",
        account=_ACCOUNT,
        time=told_ms(1_588_058_420_000),
        region=_REGION,
        resources=["arn:shop:1"],
        detail=msgspec.Raw(_DETAIL),
    )
    rule = Rule(name="ExampleRule", account=_ACCOUNT, region=_REGION, pattern='{"source":["com.example.shop"]}')
    target = Target(id="1", arn=f"arn:aws:lambda:{_REGION}:{_ACCOUNT}:function:example")
    return body_for(target, msgspec.json.encode(event), rule, 1_588_058_420_000)


SOURCE: Final = Source(
    event_source=None,
    about="An event that a program put on the default bus and that matches a rule; its `source` is the program's.",
    invocation=Invocation.ASYNCHRONOUS,
    template="eventbridge",
    example=_example,
)
