"""EventBridge: the registry, and the types that several actions share. Members are spelled in Pascal case.

There is the default bus of each account and region, and no other.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import msgspec

from runtime.api.registry import Registry
from runtime.errors import EventRuleNotFoundError, InvalidEventRuleError, InvalidValueError
from runtime.events.service import Events, bus_arn
from runtime.model.event_rule import DEFAULT_BUS, Rule
from runtime.model.paging import page
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, number, text

EVENTS: Final = Registry[Events]("events", target_prefix="AWSEvents")

_BUS_ARN: Final = r"(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?"
RuleName = Annotated[str, text(1, 64, r"[\.\-_A-Za-z0-9]+")]
EventBusName = Annotated[str, text(1, 256, r"[/\.\-_A-Za-z0-9]+")]
EventBusNameOrArn = Annotated[str, text(1, 1600, _BUS_ARN + r"[/\.\-_A-Za-z0-9]+")]
NonPartnerEventBusNameOrArn = Annotated[str, text(1, 1600, _BUS_ARN + r"[\.\-_A-Za-z0-9]+")]
ScheduleExpression = Annotated[str, msgspec.Meta(max_length=256)]
EventPattern = Annotated[str, msgspec.Meta(max_length=4096)]
RuleDescription = Annotated[str, msgspec.Meta(max_length=512)]
Arn = Annotated[str, text(1, 1600)]
TargetId = Annotated[str, text(1, 64, r"[\.\-_A-Za-z0-9]+")]
NextToken = Annotated[str, text(1, 2048)]
Limit = Annotated[int, number(1, 100)]
#: A member of a feature that is not there.
Refused = Any
#: What a listing shows when it is not told.
PAGE: Final = 100

T = TypeVar("T")


class RuleState(StrEnum):
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    WITH_CLOUDTRAIL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def events_name(name: str) -> str:
    """The wire name of a field: `role_arn` → `RoleArn`."""
    return "".join(word.capitalize() for word in name.split("_"))


class EventsShape(Shape, frozen=True, kw_only=True, rename=events_name):
    """Base of inputs and outputs of EventBridge."""


class FailedEntry(EventsShape, frozen=True, kw_only=True):
    target_id: str
    error_code: str
    error_message: str


def check_bus(call: Call, name: str | None) -> None:
    """Raises EventRuleNotFoundError: there is the default bus of the caller's account and region, and no other."""
    if name not in (None, DEFAULT_BUS, bus_arn(call.scope)):
        raise EventRuleNotFoundError(f"Event bus {(name or '').rpartition('event-bus/')[2]} does not exist.")


def rule_of(events: Events, call: Call, name: str, bus: str | None) -> Rule:
    """A rule of the caller. Raises EventRuleNotFoundError."""
    check_bus(call, bus)
    return events.bus.rule(call.scope, name)


def rule_at(events: Events, call: Call, arn: str) -> Rule:
    """The rule of an ARN. Raises EventRuleNotFoundError, InvalidEventRuleError."""
    service = f"arn:aws:events:{call.scope.region}:{call.scope.account}:"
    kind, _, name = arn.removeprefix(service).partition("/")
    if not arn.startswith(service) or kind != "rule":
        raise InvalidEventRuleError(
            f"Parameter {arn[:200]} is not valid. Reason: only rules of the caller's account and region have tags here."
        )
    return events.bus.rule(call.scope, name.removeprefix(f"{DEFAULT_BUS}/"))


def paged(items: dict[str, T], token: str | None, limit: int | None) -> tuple[list[T], str | None]:
    """A page in the order of the keys. Raises InvalidEventRuleError."""
    try:
        return page(items, token, limit, PAGE)
    except InvalidValueError as error:
        raise InvalidEventRuleError("Parameter NextToken is not valid.") from error


def state_of(rule: Rule) -> RuleState:
    return RuleState.ENABLED if rule.is_enabled else RuleState.DISABLED
