"""What the actions about groups and their tags share."""

from __future__ import annotations

from typing import Final

from runtime.api.scheduler.shapes import GroupState, SchedulerShape, Tag, at
from runtime.errors import ScheduleNotFoundError, SchedulerError
from runtime.events.service import Events
from runtime.model.scheduler import ScheduleGroup
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp

TAGS_MAX: Final = 50


class GroupShape(SchedulerShape, frozen=True, kw_only=True):
    arn: str
    name: str
    state: GroupState
    creation_date: Timestamp | None = None
    last_modification_date: Timestamp | None = None


def shape(group: ScheduleGroup) -> GroupShape:
    return GroupShape(
        arn=group.arn,
        name=group.name,
        state=GroupState.ACTIVE,
        creation_date=at(group.created_ms),
        last_modification_date=at(group.modified_ms),
    )


def group_at(events: Events, call: Call, arn: str) -> ScheduleGroup:
    """The group of an ARN. Raises ScheduleNotFoundError."""
    group = events.schedules.group(call.scope, arn.rpartition("/")[2])
    if group.arn != arn:
        raise ScheduleNotFoundError(f"Schedule group {group.name} does not exist.")
    return group


def merged(present: dict[str, str], tags: list[Tag]) -> dict[str, str]:
    """The tags with further ones. Raises SchedulerError."""
    together = present | {tag.key: tag.value for tag in tags}
    if len(together) > TAGS_MAX:
        raise SchedulerError(f"A schedule group has at most {TAGS_MAX} tags.")
    return together
