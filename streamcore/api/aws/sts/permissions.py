"""What the actions of STS need. Who may take a role is said by the role's trust policy, too.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streamcore.api.aws.permissions import Permission, Permissions, everything, member
from streamcore.api.aws.service import Call
from streamcore.model.iam.context import Value


def _keys(input_: Any, call: Call) -> Mapping[str, Value]:
    found: dict[str, Value] = {"sts:RoleSessionName": input_.role_session_name}
    if input_.external_id is not None:
        found["sts:ExternalId"] = input_.external_id
    if input_.tags:
        found["aws:TagKeys"] = [tag.key for tag in input_.tags]
        found |= {f"aws:RequestTag/{tag.key}": tag.value for tag in input_.tags}
    return found


def _has_tags(input_: Any) -> bool:
    return bool(input_.tags)


PERMISSIONS: Final = Permissions(
    "sts",
    {
        "AssumeRole": Permission(
            "sts:AssumeRole",
            member("role_arn"),
            _keys,
            also=(Permission("sts:TagSession", member("role_arn"), _keys, when=_has_tags),),
        ),
        "GetAccessKeyInfo": Permission("sts:GetAccessKeyInfo", everything),
    },
    # As on AWS: any caller may learn who he is, and have temporary credentials of his own.
    free=frozenset({"GetCallerIdentity", "GetSessionToken", "AssumeRoleWithWebIdentity"}),
)
