"""What the actions of CloudWatch Logs need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from streamcore.api.aws.permissions import Permissions, everything, member, table
from streamcore.api.aws.service import Call


def _arn(name: str, call: Call) -> str:
    if name.startswith("arn:"):
        return name.removesuffix(":*")
    return f"arn:aws:logs:{call.scope.region}:{call.scope.account}:log-group:{name}"


def group(input_: Any, call: Call) -> Sequence[str]:
    """With `:*` behind it, as policies have it."""
    name = getattr(input_, "log_group_name", None) or getattr(input_, "log_group_identifier", None)
    return ("*",) if not name else (f"{_arn(name, call)}:*",)


def stream(input_: Any, call: Call) -> Sequence[str]:
    (arn,) = group(input_, call)
    return (arn,) if arn == "*" else (f"{arn.removesuffix('*')}log-stream:{input_.log_stream_name}",)


def _groups(input_: Any, call: Call) -> Sequence[str]:
    return [f"{_arn(name, call)}:*" for name in input_.log_group_identifiers or ()] or ("*",)


_ACTIONS: Final = table(
    "logs",
    {
        group: "CreateLogGroup CreateLogStream DeleteLogGroup DeleteRetentionPolicy DescribeLogStreams FilterLogEvents "
        "ListTagsLogGroup PutRetentionPolicy TagLogGroup UntagLogGroup",
        stream: "DeleteLogStream GetLogEvents PutLogEvents",
        _groups: "StartLiveTail",
        member("resource_arn"): "ListTagsForResource TagResource UntagResource",
        everything: "DescribeLogGroups TestMetricFilter",
    },
    data="FilterLogEvents GetLogEvents PutLogEvents StartLiveTail",
)

PERMISSIONS: Final = Permissions("logs", _ACTIONS)
