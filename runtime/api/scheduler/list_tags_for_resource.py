"""ListTagsForResource: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListTagsForResource.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.scheduler.groups import group_at
from runtime.api.scheduler.registry import SCHEDULER
from runtime.api.scheduler.shapes import GroupArn, SchedulerShape, Tag
from runtime.events.service import Events
from streamcore.api.aws.binding import URI
from streamcore.api.aws.service import Call


class ListTagsForResourceInput(SchedulerShape, frozen=True, kw_only=True):
    resource_arn: Annotated[GroupArn, URI]


class ListTagsForResourceOutput(SchedulerShape, frozen=True, kw_only=True):
    tags: list[Tag]


@SCHEDULER.action("ListTagsForResource", "GET", "/tags/{ResourceArn}")
async def list_tags_for_resource(
    events: Events, call: Call, input_: ListTagsForResourceInput
) -> ListTagsForResourceOutput:
    """The tags of a group."""
    group = group_at(events, call, input_.resource_arn)
    return ListTagsForResourceOutput(tags=[Tag(key=key, value=value) for key, value in sorted(group.tags.items())])
