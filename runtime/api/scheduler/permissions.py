"""What the actions of EventBridge Scheduler need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridgescheduler.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from streamcore.api.aws.permissions import Permission, Permissions, everything, member, table
from streamcore.api.aws.service import Call

_DEFAULT: Final = "default"


def schedule(input_: Any, call: Call) -> Sequence[str]:
    group = input_.group_name or _DEFAULT
    return (f"arn:aws:scheduler:{call.scope.region}:{call.scope.account}:schedule/{group}/{input_.name}",)


def _group(input_: Any, call: Call) -> Sequence[str]:
    return (f"arn:aws:scheduler:{call.scope.region}:{call.scope.account}:schedule-group/{input_.name}",)


def _role(input_: Any, call: Call) -> Sequence[str]:
    return (input_.target.role_arn,)


_PASSES_ROLE: Final = Permission(
    "iam:PassRole", _role, lambda input_, call: {"iam:PassedToService": "scheduler.amazonaws.com"}
)
_ACTIONS: Final = table(
    "scheduler",
    {
        schedule: "DeleteSchedule GetSchedule",
        _group: "CreateScheduleGroup DeleteScheduleGroup GetScheduleGroup",
        member("resource_arn"): "ListTagsForResource TagResource UntagResource",
        everything: "ListScheduleGroups ListSchedules",
    },
) | {
    "CreateSchedule": Permission("scheduler:CreateSchedule", schedule, also=(_PASSES_ROLE,)),
    "UpdateSchedule": Permission("scheduler:UpdateSchedule", schedule, also=(_PASSES_ROLE,)),
}

PERMISSIONS: Final = Permissions("scheduler", _ACTIONS)
