"""GetStage: https://docs.aws.amazon.com/apigateway/latest/api/API_GetStage.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
    StageName,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    Stage,
)
from streamcore.api.aws.service import Call


class GetStageInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    stage_name: StageName


@APIGATEWAY.action("GetStage", "GET", "/restapis/{restapi_id}/stages/{stage_name}")
async def get_stage(gateway: Gateway, call: Call, input_: GetStageInput) -> Stage:
    """Tells of a stage."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)
    return gateway.apis.stage(record, input_.stage_name).stage
