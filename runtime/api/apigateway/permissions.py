"""What the actions of API Gateway need: the HTTP method, on the path.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from runtime.api.apigateway import APIGATEWAY
from runtime.api.apigateway.roles import SERVICE
from streamcore.api.aws.permissions import Permission, Permissions
from streamcore.api.aws.rest_permissions import by_paths
from streamcore.api.aws.service import Call


def _original(input_: Any, call: Call) -> Sequence[str]:
    return (f"arn:aws:apigateway:{call.scope.region}::/restapis/{input_.clone_from}",)


def _log_roles(input_: Any, call: Call) -> Sequence[str]:
    """The role for logs of an account, where it is changed."""
    given = input_.patch_operations or ()
    return [each.value for each in given if each.path == "/cloudwatchRoleArn" and each.value]


def _to_gateway(input_: Any, call: Call) -> dict[str, str]:
    return {"iam:PassedToService": SERVICE}


_ALSO: Final = {
    "CreateRestApi": Permission("apigateway:GET", _original, when=lambda input_: bool(input_.clone_from)),
    "UpdateAccount": Permission("iam:PassRole", _log_roles, _to_gateway),
}
#: Roles of integrations and authorizers are asked about by the actions: they come in documents, too.
_ACTIONS: Final = {
    name: msgspec.structs.replace(each, also=(_ALSO[name],)) if name in _ALSO else each
    for name, each in by_paths(APIGATEWAY, "apigateway").items()
}

PERMISSIONS: Final = Permissions("apigateway", _ACTIONS)
