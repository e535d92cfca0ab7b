"""DeleteApi: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId
from runtime.gateway.httpapi.service import HttpGateway
from streamcore.api.aws.service import Call


class DeleteApiInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId


@APIGATEWAYV2.action("DeleteApi", "DELETE", "/v2/apis/{apiId}", status=204)
async def delete_api(gateway: HttpGateway, call: Call, input_: DeleteApiInput) -> None:
    """With all that is in it, its deployments and stages."""
    async with gateway.apis.changing:
        await gateway.apis.delete(gateway.apis.api(call.scope, input_.api_id))
