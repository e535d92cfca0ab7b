"""DeleteStage: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteStage.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
    StageName,
)
from runtime.gateway.service import Gateway
from streamcore.api.aws.service import Call


class DeleteStageInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    stage_name: StageName


@APIGATEWAY.action("DeleteStage", "DELETE", "/restapis/{restapi_id}/stages/{stage_name}", status=202)
async def delete_stage(gateway: Gateway, call: Call, input_: DeleteStageInput) -> None:
    """It serves nothing more; its deployment stays."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        await gateway.apis.delete_stage(record, input_.stage_name)
