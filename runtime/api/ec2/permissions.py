"""What the actions of EC2 need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from streamcore.api.aws.permissions import Permission, Permissions, everything, table
from streamcore.api.aws.service import Call
from streamcore.model.stream import Scope

_KINDS: Final = {"i": "instance", "vol": "volume"}


def arn_of(scope: Scope, id_: str) -> str:
    """By the prefix of an id; snapshots have no account in theirs."""
    kind = _KINDS.get(id_.partition("-")[0])
    if kind is None:
        return f"arn:aws:ec2:{scope.region}::snapshot/{id_}"
    return f"arn:aws:ec2:{scope.region}:{scope.account}:{kind}/{id_}"


def _snapshot(input_: Any, call: Call) -> Sequence[str]:
    return (arn_of(call.scope, input_.snapshot_id),)


def _made(input_: Any, call: Call) -> Sequence[str]:
    """The volume, and the snapshot that is to be, which has no id yet."""
    return arn_of(call.scope, input_.volume_id), arn_of(call.scope, "*")


def _new(input_: Any, call: Call) -> Sequence[str]:
    return (arn_of(call.scope, "*"),)


def _tagged(input_: Any, call: Call) -> Sequence[str]:
    return [arn_of(call.scope, each) for each in input_.resources]


_TAGS: Final = Permission("ec2:CreateTags", _new, when=lambda input_: bool(input_.tag_specifications))
_ACTIONS: Final = table(
    "ec2",
    {
        _snapshot: "DeleteSnapshot",
        _tagged: "CreateTags DeleteTags",
        everything: "DescribeInstances DescribeRegions DescribeSnapshots DescribeTags DescribeVolumes",
    },
) | {"CreateSnapshot": Permission("ec2:CreateSnapshot", _made, also=(_TAGS,))}

PERMISSIONS: Final = Permissions("ec2", _ACTIONS)
