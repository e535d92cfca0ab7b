"""ReimportApi: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId
from runtime.api.apigatewayv2.views import told_api
from runtime.gateway.httpapi.imports import imported
from runtime.gateway.httpapi.service import HttpGateway
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call
from streamcore.api.http import Response


class ReimportApiInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    basepath: Annotated[str, query("basepath")] | None = None
    body: str
    fail_on_warnings: Annotated[bool, query("failOnWarnings")] = False


@APIGATEWAYV2.action("ReimportApi", "PUT", "/v2/apis/{apiId}", status=201)
async def reimport_api(gateway: HttpGateway, call: Call, input_: ReimportApiInput) -> Response:
    """Puts a document in the place of all that the API has."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        content = imported(
            record.content, input_.body, basepath=input_.basepath, fail_on_warnings=input_.fail_on_warnings
        )
        await gateway.apis.save(record, content)
    return told_api(call, content.api, 201)
