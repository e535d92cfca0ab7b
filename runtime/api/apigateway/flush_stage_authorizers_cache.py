"""FlushStageAuthorizersCache: https://docs.aws.amazon.com/apigateway/latest/api/API_FlushStageAuthorizersCache.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
    StageName,
)
from runtime.gateway.service import Gateway
from streamcore.api.aws.service import Call


class FlushStageAuthorizersCacheInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    stage_name: StageName


@APIGATEWAY.action(
    "FlushStageAuthorizersCache", "DELETE", "/restapis/{restapi_id}/stages/{stage_name}/cache/authorizers", status=202
)
async def flush_stage_authorizers_cache(gateway: Gateway, call: Call, input_: FlushStageAuthorizersCacheInput) -> None:
    """Authorizers are asked again."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)

    gateway.apis.stage(record, input_.stage_name)
    gateway.authorizers.forget(record.id, input_.stage_name)
