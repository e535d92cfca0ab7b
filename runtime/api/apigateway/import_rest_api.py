"""ImportRestApi: https://docs.aws.amazon.com/apigateway/latest/api/API_ImportRestApi.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.roles import check_passes, roles_of
from runtime.api.apigateway.shapes import (
    ApiShape,
)
from runtime.api.apigateway.views import now_s
from runtime.gateway.imports import imported
from runtime.gateway.records import ApiRecord
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    RestApi,
)
from streamcore.api.aws.binding import PAYLOAD, query
from streamcore.api.aws.service import Call


class ImportRestApiInput(ApiShape, frozen=True, kw_only=True):
    fail_on_warnings: Annotated[bool, query("failonwarnings")] = False
    parameters: Annotated[str, query("endpointConfigurationTypes")] | None = None
    body: Annotated[bytes, PAYLOAD]


@APIGATEWAY.action("ImportRestApi", "POST", "/restapis?mode=import", status=201)
async def import_rest_api(gateway: Gateway, call: Call, input_: ImportRestApiInput) -> RestApi:
    """Makes an API of an OpenAPI 3 or Swagger 2 document."""
    content = imported(input_.body, now_s(call), fail_on_warnings=input_.fail_on_warnings, endpoint=input_.parameters)
    check_passes(call, roles_of(content))
    async with gateway.apis.changing:
        await gateway.apis.create(ApiRecord(account=call.scope.account, region=call.scope.region, content=content))
    return content.api
