"""DeleteRouteSettings: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename-routesettings-routekey.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, StageName
from runtime.errors import ApiNotFoundError
from runtime.gateway.httpapi.parts import without
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class DeleteRouteSettingsInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    stage_name: StageName
    route_key: Annotated[str, label("routeKey")]


@APIGATEWAYV2.action(
    "DeleteRouteSettings", "DELETE", "/v2/apis/{apiId}/stages/{stageName}/routesettings/{routeKey}", status=204
)
async def delete_route_settings(gateway: HttpGateway, call: Call, input_: DeleteRouteSettingsInput) -> None:
    """The route has the settings of its stage again."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        stage = gateway.apis.stage(record, input_.stage_name)
        if input_.route_key not in stage.route_settings:
            raise ApiNotFoundError("Invalid Route Key specified")
        left = without(stage.route_settings, input_.route_key)
        await gateway.apis.save_stage(record, changed(stage, route_settings=left))
