"""ListTagsForResource: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTagsForResource.html"""

from __future__ import annotations

import msgspec

from runtime.api.events.shapes import EVENTS, Arn, EventsShape, rule_at
from runtime.api.events.tags import Tag
from runtime.events.service import Events
from streamcore.api.aws.service import Call


class ListTagsForResourceInput(EventsShape, frozen=True, kw_only=True):
    resource_arn: Arn = msgspec.field(name="ResourceARN")


class ListTagsForResourceOutput(EventsShape, frozen=True, kw_only=True):
    tags: list[Tag]


@EVENTS.action("ListTagsForResource")
async def list_tags_for_resource(
    events: Events, call: Call, input_: ListTagsForResourceInput
) -> ListTagsForResourceOutput:
    """The tags of a rule."""
    rule = rule_at(events, call, input_.resource_arn)
    return ListTagsForResourceOutput(tags=[Tag(key=key, value=value) for key, value in sorted(rule.tags.items())])
