"""GetApis: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html"""

from __future__ import annotations

import msgspec

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import MaxResults, NextToken, results
from runtime.api.apigatewayv2.views import api_view
from runtime.gateway.httpapi.service import HttpGateway
from streamcore.api.aws.service import Call
from streamcore.api.http import Response


class GetApisInput(ApiShape, frozen=True, kw_only=True):
    max_results: MaxResults | None = None
    next_token: NextToken | None = None


@APIGATEWAYV2.action("GetApis", "GET", "/v2/apis")
async def get_apis(gateway: HttpGateway, call: Call, input_: GetApisInput) -> Response:
    """By the order of their ids."""
    present = {each.id: each.content.api for each in gateway.apis.apis(call.scope)}
    items, next_token = results(present, input_.max_results, input_.next_token)
    view = {"items": [api_view(call, each) for each in items]} | ({"nextToken": next_token} if next_token else {})
    return Response(200, {"content-type": "application/json"}, msgspec.json.encode(view))
