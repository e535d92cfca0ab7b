"""UpdateStage: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateStage.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Patch,
    RestApiId,
    StageName,
    operations,
)
from runtime.api.apigateway.views import now_s
from runtime.gateway.service import Gateway
from runtime.model.apigateway.patches import (
    patched_stage,
)
from runtime.model.apigateway.put_checks import (
    check_stage,
)
from runtime.model.apigateway.values import (
    Stage,
    changed,
)
from streamcore.api.aws.service import Call


class UpdateStageInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    stage_name: StageName
    patch_operations: Patch | None = None


@APIGATEWAY.action("UpdateStage", "PATCH", "/restapis/{restapi_id}/stages/{stage_name}")
async def update_stage(gateway: Gateway, call: Call, input_: UpdateStageInput) -> Stage:
    """Changes what a stage serves and how."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        found = gateway.apis.stage(record, input_.stage_name).stage
        after = changed(patched_stage(found, operations(input_.patch_operations)), last_updated_date=now_s(call))
        check_stage(after)
        await gateway.apis.save_stage(record, after)
        return after
