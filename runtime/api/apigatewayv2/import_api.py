"""ImportApi: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.create_api import new_api
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.views import told_api
from runtime.gateway.httpapi.apis import HttpApiRecord
from runtime.gateway.httpapi.imports import imported
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.httpapi.values import HttpContent
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call
from streamcore.api.http import Response


class ImportApiInput(ApiShape, frozen=True, kw_only=True):
    basepath: Annotated[str, query("basepath")] | None = None
    body: str
    fail_on_warnings: Annotated[bool, query("failOnWarnings")] = False


@APIGATEWAYV2.action("ImportApi", "PUT", "/v2/apis", status=201)
async def import_api(gateway: HttpGateway, call: Call, input_: ImportApiInput) -> Response:
    """Makes an API of an OpenAPI 3 document; it has no stage yet."""
    content = imported(
        HttpContent(api=new_api(gateway, "")),
        input_.body,
        basepath=input_.basepath,
        fail_on_warnings=input_.fail_on_warnings,
    )
    async with gateway.apis.changing:
        await gateway.apis.create(HttpApiRecord(account=call.scope.account, region=call.scope.region, content=content))
    return told_api(call, content.api, 201)
