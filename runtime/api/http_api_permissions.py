"""What the actions of HTTP APIs need: as at AWS, the method of the request on the path of what it is about.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote

from streamcore.api.aws.permissions import Permission, Permissions
from streamcore.api.aws.service import Call

_ACTIONS: Final = {
    "GET": "ExportApi GetApi GetApis GetAuthorizer GetAuthorizers GetDeployment GetDeployments GetIntegration "
    "GetIntegrations GetRoute GetRoutes GetStage GetStages GetTags",
    "POST": "CreateApi CreateAuthorizer CreateDeployment CreateDomainName CreateIntegration CreateRoute CreateStage "
    "CreateVpcLink TagResource",
    "PATCH": "UpdateApi UpdateAuthorizer UpdateDeployment UpdateIntegration UpdateRoute UpdateStage",
    "PUT": "ImportApi ReimportApi",
    "DELETE": "DeleteAccessLogSettings DeleteApi DeleteAuthorizer DeleteCorsConfiguration DeleteDeployment "
    "DeleteIntegration DeleteRoute DeleteRouteSettings DeleteStage ResetAuthorizersCache UntagResource",
}


def path(input_: Any, call: Call) -> Sequence[str]:
    """`arn:aws:apigateway:{region}::/apis/{id}/…`."""
    return (f"arn:aws:apigateway:{call.scope.region}::{unquote(call.request.path.removeprefix('/v2'))}",)


PERMISSIONS: Final = Permissions(
    "apigatewayv2",
    {name: Permission(f"apigateway:{method}", path) for method, names in _ACTIONS.items() for name in names.split()},
    prefix="apigateway",
    signing="apigateway",
)
