"""What the actions of EventBridge need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from streamcore.api.aws.permissions import Permission, Permissions, everything, member, passed_role, table
from streamcore.api.aws.service import Call
from streamcore.model.iam.context import Value

_DEFAULT: Final = "default"


def _arn(kind: str, name: str, call: Call) -> str:
    return f"arn:aws:events:{call.scope.region}:{call.scope.account}:{kind}/{name}"


def rule(input_: Any, call: Call) -> Sequence[str]:
    name = str(getattr(input_, "name", None) or getattr(input_, "rule", ""))
    bus = (getattr(input_, "event_bus_name", None) or _DEFAULT).rpartition("/")[2]
    return (_arn("rule", name if bus == _DEFAULT else f"{bus}/{name}", call),)


def _bus(input_: Any, call: Call) -> Sequence[str]:
    return (_bus_arn(getattr(input_, "name", None), call),)


def _bus_arn(name: str | None, call: Call) -> str:
    return name if name and name.startswith("arn:") else _arn("event-bus", name or _DEFAULT, call)


def _buses(input_: Any, call: Call) -> Sequence[str]:
    return sorted({_bus_arn(entry.event_bus_name, call) for entry in input_.entries})


def _roles(input_: Any, call: Call) -> Sequence[str]:
    return sorted({target.role_arn for target in input_.targets if target.role_arn})


def _to_events(input_: Any, call: Call) -> Mapping[str, Value]:
    return {"iam:PassedToService": "events.amazonaws.com"}


_ACTIONS: Final = table(
    "events",
    {
        rule: "DeleteRule DescribeRule DisableRule EnableRule ListTargetsByRule RemoveTargets",
        _bus: "DescribeEventBus",
        _buses: "PutEvents",
        member("resource_arn"): "ListTagsForResource TagResource UntagResource",
        everything: "ListEventBuses ListRuleNamesByTarget ListRules TestEventPattern",
    },
    data="PutEvents",
) | {
    "PutRule": Permission("events:PutRule", rule, also=(passed_role("role_arn", "events.amazonaws.com"),)),
    "PutTargets": Permission(
        "events:PutTargets",
        rule,
        also=(Permission("iam:PassRole", _roles, _to_events),),
    ),
}

PERMISSIONS: Final = Permissions("events", _ACTIONS)
