"""UntagResource: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UntagResource.html"""

from __future__ import annotations

import msgspec

from runtime.api.events.shapes import EVENTS, Arn, EventsShape, rule_at
from runtime.api.events.tags import TagKey
from runtime.events.service import Events
from streamcore.api.aws.service import Call


class UntagResourceInput(EventsShape, frozen=True, kw_only=True):
    resource_arn: Arn = msgspec.field(name="ResourceARN")
    tag_keys: list[TagKey]


@EVENTS.action("UntagResource")
async def untag_resource(events: Events, call: Call, input_: UntagResourceInput) -> None:
    """Takes tags from a rule."""
    async with events.bus.changing:
        rule = rule_at(events, call, input_.resource_arn)
        left = {key: value for key, value in rule.tags.items() if key not in input_.tag_keys}
        await events.bus.change(msgspec.structs.replace(rule, tags=left))
