"""UntagResource: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UntagResource.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.scheduler.groups import group_at
from runtime.api.scheduler.registry import SCHEDULER
from runtime.api.scheduler.shapes import GroupArn, SchedulerShape, TagKey
from runtime.events.service import Events
from streamcore.api.aws.binding import URI, query
from streamcore.api.aws.service import Call


class UntagResourceInput(SchedulerShape, frozen=True, kw_only=True):
    resource_arn: Annotated[GroupArn, URI]
    tag_keys: Annotated[list[TagKey], msgspec.Meta(min_length=0, max_length=200), query()]


class UntagResourceOutput(SchedulerShape, frozen=True, kw_only=True):
    """Nothing."""


@SCHEDULER.action("UntagResource", "DELETE", "/tags/{ResourceArn}")
async def untag_resource(events: Events, call: Call, input_: UntagResourceInput) -> UntagResourceOutput:
    """Takes tags from a group."""
    async with events.schedules.changing:
        group = group_at(events, call, input_.resource_arn)
        left = {key: value for key, value in group.tags.items() if key not in input_.tag_keys}
        await events.schedules.put_group(msgspec.structs.replace(group, tags=left))
    return UntagResourceOutput()
