"""CreateRoute: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.shapes import ApiShape, Refused, refuse_given
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, AuthorizationType, Short
from runtime.gateway.httpapi.imports import check_counts
from runtime.gateway.httpapi.service import HttpGateway
from runtime.gateway.ids import new_id
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.checks import check_route
from runtime.model.httpapi.values import HttpRoute
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text


class CreateRouteInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    api_key_required: bool = False
    authorization_scopes: list[Short] | None = None
    authorization_type: AuthorizationType | None = None
    authorizer_id: str | None = None
    model_selection_expression: Refused = None
    operation_name: Short | None = None
    request_models: Refused = None
    request_parameters: Refused = None
    route_key: str
    route_response_selection_expression: Refused = None
    target: Annotated[str, text(1, 128)] | None = None


@APIGATEWAYV2.action("CreateRoute", "POST", "/v2/apis/{apiId}/routes", status=201)
async def create_route(gateway: HttpGateway, call: Call, input_: CreateRouteInput) -> HttpRoute:
    """Leads requests to an integration."""
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
        made = HttpRoute(
            route_id=new_id(content.routes, 7),
            route_key=input_.route_key,
            api_key_required=input_.api_key_required,
            authorization_type=input_.authorization_type or "NONE",
            authorization_scopes=input_.authorization_scopes,
            authorizer_id=input_.authorizer_id,
            operation_name=input_.operation_name,
            target=input_.target,
        )
        check_route(content, made)
        after = changed(content, routes=content.routes | {made.route_id: made})
        check_counts(after)
        await gateway.apis.save(record, after)
        return made
