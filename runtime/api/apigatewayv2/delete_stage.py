"""DeleteStage: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, StageName
from runtime.gateway.httpapi.service import HttpGateway
from streamcore.api.aws.service import Call


class DeleteStageInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    stage_name: StageName


@APIGATEWAYV2.action("DeleteStage", "DELETE", "/v2/apis/{apiId}/stages/{stageName}", status=204)
async def delete_stage(gateway: HttpGateway, call: Call, input_: DeleteStageInput) -> None:
    """Its deployment stays."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        await gateway.apis.delete_stage(record, input_.stage_name)
