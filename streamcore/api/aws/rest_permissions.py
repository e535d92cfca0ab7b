"""Permissions of services whose actions are called as HTTP methods in policies, and whose resources are paths: both
generations of API Gateway.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from streamcore.api.aws.binding import plan_of
from streamcore.api.aws.permissions import Permission, Resources
from streamcore.api.aws.rest import RestAction, RestService
from streamcore.api.aws.service import Call

_LABEL: Final = re.compile(r"\{([^}]+)\}")


def by_paths(service: RestService[Any], prefix: str, *, root: str = "") -> dict[str, Permission]:
    """A row for each action: `apigateway:GET` on `arn:aws:apigateway:eu-west-1::/restapis/abc`. `root` is what stands
    before the resource in paths and not in ARNs (`/v2`)."""
    return {
        name: Permission(f"{prefix}:{action.method}", _resource(action, prefix, root))
        for name, action in service.actions.items()
    }


def _resource(action: RestAction, prefix: str, root: str) -> Resources:
    """The path is written anew from what the action works with: another spelling in a request is no other resource."""
    template = action.template.partition("?")[0].removeprefix(root)
    attributes = {bound.name: bound.attribute for bound in plan_of(action.input).uri}

    def resources(input_: Any, call: Call) -> Sequence[str]:
        path = _LABEL.sub(lambda found: quote(str(getattr(input_, attributes[found[1]])), safe=""), template)
        return (f"arn:aws:{prefix}:{call.scope.region}::{path}",)

    return resources
