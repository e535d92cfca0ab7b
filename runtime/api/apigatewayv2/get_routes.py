"""GetRoutes: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, Listed, MaxResults, NextToken, results
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.httpapi.values import HttpRoute
from streamcore.api.aws.service import Call


class GetRoutesInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    max_results: MaxResults | None = None
    next_token: NextToken | None = None


class Routes(Listed, frozen=True, kw_only=True):
    items: list[HttpRoute]


@APIGATEWAYV2.action("GetRoutes", "GET", "/v2/apis/{apiId}/routes")
async def get_routes(gateway: HttpGateway, call: Call, input_: GetRoutesInput) -> Routes:
    """In the order of their ids."""
    content = gateway.apis.api(call.scope, input_.api_id).content
    items, next_token = results(content.routes, input_.max_results, input_.next_token)
    return Routes(items=items, next_token=next_token)
