"""GetRoute: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes-routeid.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, RouteId
from runtime.gateway.httpapi.parts import found
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.httpapi.values import HttpRoute
from streamcore.api.aws.service import Call


class GetRouteInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    route_id: RouteId


@APIGATEWAYV2.action("GetRoute", "GET", "/v2/apis/{apiId}/routes/{routeId}")
async def get_route(gateway: HttpGateway, call: Call, input_: GetRouteInput) -> HttpRoute:
    """A route by its id."""
    content = gateway.apis.api(call.scope, input_.api_id).content
    return found(content.routes, input_.route_id, "Route")
