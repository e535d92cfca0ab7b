"""DeleteCorsConfiguration: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-cors.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from streamcore.api.aws.service import Call


class DeleteCorsConfigurationInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId


@APIGATEWAYV2.action("DeleteCorsConfiguration", "DELETE", "/v2/apis/{apiId}/cors", status=204)
async def delete_cors_configuration(gateway: HttpGateway, call: Call, input_: DeleteCorsConfigurationInput) -> None:
    """Preflights are requests as others from now on."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        api = changed(record.content.api, cors_configuration=None)
        await gateway.apis.save(record, changed(record.content, api=api))
