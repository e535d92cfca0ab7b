"""DeleteRoute: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes-routeid.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, RouteId
from runtime.gateway.httpapi.parts import found, without
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from streamcore.api.aws.service import Call


class DeleteRouteInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    route_id: RouteId


@APIGATEWAYV2.action("DeleteRoute", "DELETE", "/v2/apis/{apiId}/routes/{routeId}", status=204)
async def delete_route(gateway: HttpGateway, call: Call, input_: DeleteRouteInput) -> None:
    """Its integration stays."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        found(record.content.routes, input_.route_id, "Route")
        left = without(record.content.routes, input_.route_id)
        await gateway.apis.save(record, changed(record.content, routes=left))
