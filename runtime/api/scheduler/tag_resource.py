"""TagResource: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_TagResource.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.scheduler.groups import group_at, merged
from runtime.api.scheduler.registry import SCHEDULER
from runtime.api.scheduler.shapes import GroupArn, SchedulerShape, Tags
from runtime.events.service import Events
from streamcore.api.aws.binding import URI
from streamcore.api.aws.service import Call


class TagResourceInput(SchedulerShape, frozen=True, kw_only=True):
    resource_arn: Annotated[GroupArn, URI]
    tags: Tags


class TagResourceOutput(SchedulerShape, frozen=True, kw_only=True):
    """Nothing."""


@SCHEDULER.action("TagResource", "POST", "/tags/{ResourceArn}")
async def tag_resource(events: Events, call: Call, input_: TagResourceInput) -> TagResourceOutput:
    """Adds tags to a group."""
    async with events.schedules.changing:
        group = group_at(events, call, input_.resource_arn)
        await events.schedules.put_group(msgspec.structs.replace(group, tags=merged(group.tags, input_.tags)))
    return TagResourceOutput()
