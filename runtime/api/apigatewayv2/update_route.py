"""UpdateRoute: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes-routeid.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.shapes import ApiShape, Refused, refuse_given
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, AuthorizationType, RouteId, Short, given
from runtime.gateway.httpapi.parts import found
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.checks import check_route
from runtime.model.httpapi.values import HttpRoute
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text


class UpdateRouteInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    route_id: RouteId
    api_key_required: bool | None = None
    authorization_scopes: list[Short] | None = None
    authorization_type: AuthorizationType | None = None
    authorizer_id: str | None = None
    model_selection_expression: Refused = None
    operation_name: Short | None = None
    request_models: Refused = None
    request_parameters: Refused = None
    route_key: str | None = None
    route_response_selection_expression: Refused = None
    target: Annotated[str, text(1, 128)] | None = None


@APIGATEWAYV2.action("UpdateRoute", "PATCH", "/v2/apis/{apiId}/routes/{routeId}")
async def update_route(gateway: HttpGateway, call: Call, input_: UpdateRouteInput) -> HttpRoute:
    """The members that are given; an authorizer goes with the authorization type that needs it."""
    refuse_given(
        input_,
        "model_selection_expression",
        "request_models",
        "request_parameters",
        "route_response_selection_expression",
    )
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        content = record.content
        before = found(content.routes, input_.route_id, "Route")
        if input_.authorization_type in ("NONE", "AWS_IAM"):
            before = changed(before, authorizer_id=None, authorization_scopes=None)
        after = changed(before, **given(input_, *_MEMBERS))
        check_route(content, after)
        await gateway.apis.save(record, changed(content, routes=content.routes | {after.route_id: after}))
        return after


_MEMBERS = (
    "api_key_required",
    "authorization_scopes",
    "authorization_type",
    "authorizer_id",
    "operation_name",
    "route_key",
    "target",
)
