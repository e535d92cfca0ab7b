"""Types and shapes that several actions of EventBridge Scheduler share, with the constraints of the service model."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, TypeVar

import msgspec

from runtime.errors import InvalidValueError, SchedulerError
from runtime.model.paging import page
from streamcore.api.aws.binding import URI, query
from streamcore.api.aws.shapes import Shape, Timestamp, number, text

T = TypeVar("T")
_NAME = r"[0-9a-zA-Z-_.]+"
Name = Annotated[str, text(1, 64, _NAME)]
NameLabel = Annotated[Name, URI]
ScheduleExpression = Annotated[str, text(1, 256)]
Timezone = Annotated[str, text(1, 50)]
Description = Annotated[str, text(0, 512)]
KmsKeyArn = Annotated[str, text(1, 2048, r"arn:aws[a-z-]*:kms:[a-z0-9\-]+:\d{12}:(key|alias)\/[0-9a-zA-Z-_]*")]
ClientToken = Annotated[str, text(1, 64, r"[a-zA-Z0-9-_]+")]
NextTokenInQuery = Annotated[Annotated[str, text(1, 2048)], query()]
MaxResultsInQuery = Annotated[Annotated[int, number(1, 100)], query()]
GroupArn = Annotated[
    str,
    text(1, 1011, r"arn:aws[a-z-]*:scheduler:[a-z0-9\-]+:\d{12}:schedule-group\/[0-9a-zA-Z-_.]+"),
]
TagKey = Annotated[str, text(1, 128)]
TagValue = Annotated[str, text(1, 256)]
#: A member of a feature that is not there.
Refused = Any


def scheduler_name(name: str) -> str:
    """The wire name of a field: `group_name` → `GroupName`."""
    return "".join(word.capitalize() for word in name.split("_"))


class SchedulerShape(Shape, frozen=True, kw_only=True, rename=scheduler_name):
    """Base of inputs and outputs of EventBridge Scheduler."""


class State(StrEnum):
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"


class GroupState(StrEnum):
    ACTIVE = "ACTIVE"
    DELETING = "DELETING"


class AfterCompletion(StrEnum):
    NONE = "NONE"
    DELETE = "DELETE"


class WindowMode(StrEnum):
    OFF = "OFF"
    FLEXIBLE = "FLEXIBLE"


class FlexibleTimeWindow(SchedulerShape, frozen=True, kw_only=True):
    mode: WindowMode
    maximum_window_in_minutes: Annotated[int, number(1, 1440)] | None = None


class Tag(SchedulerShape, frozen=True, kw_only=True):
    key: TagKey
    value: TagValue


Tags = Annotated[list[Tag], msgspec.Meta(min_length=0, max_length=200)]


def at(ms: int | None) -> Timestamp | None:
    """A time as it is told; none for what has none."""
    return Timestamp(ms) if ms else None


def paged(items: dict[str, T], token: str | None, most: int | None) -> tuple[list[T], str | None]:
    """A page in the order of the keys. Raises SchedulerError."""
    try:
        return page(items, token, most, 100)
    except InvalidValueError as error:
        raise SchedulerError("Invalid NextToken.") from error
