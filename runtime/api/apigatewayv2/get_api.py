"""GetApi: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId
from runtime.api.apigatewayv2.views import told_api
from runtime.gateway.httpapi.service import HttpGateway
from streamcore.api.aws.service import Call
from streamcore.api.http import Response


class GetApiInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId


@APIGATEWAYV2.action("GetApi", "GET", "/v2/apis/{apiId}")
async def get_api(gateway: HttpGateway, call: Call, input_: GetApiInput) -> Response:
    """An API by its id."""
    return told_api(call, gateway.apis.api(call.scope, input_.api_id).content.api)
