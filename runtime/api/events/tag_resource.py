"""TagResource: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html"""

from __future__ import annotations

import msgspec

from runtime.api.events.shapes import EVENTS, Arn, EventsShape, rule_at
from runtime.api.events.tags import Tag, merged
from runtime.events.service import Events
from streamcore.api.aws.service import Call


class TagResourceInput(EventsShape, frozen=True, kw_only=True):
    resource_arn: Arn = msgspec.field(name="ResourceARN")
    tags: list[Tag]


@EVENTS.action("TagResource")
async def tag_resource(events: Events, call: Call, input_: TagResourceInput) -> None:
    """Adds tags to a rule."""
    async with events.bus.changing:
        rule = rule_at(events, call, input_.resource_arn)
        await events.bus.change(msgspec.structs.replace(rule, tags=merged(rule.tags, input_.tags)))
