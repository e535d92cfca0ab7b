"""GetStage: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, StageName
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.httpapi.values import HttpStage
from streamcore.api.aws.service import Call


class GetStageInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    stage_name: StageName


@APIGATEWAYV2.action("GetStage", "GET", "/v2/apis/{apiId}/stages/{stageName}")
async def get_stage(gateway: HttpGateway, call: Call, input_: GetStageInput) -> HttpStage:
    """A stage by its name."""
    return gateway.apis.stage(gateway.apis.api(call.scope, input_.api_id), input_.stage_name)
