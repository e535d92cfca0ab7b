"""ResetAuthorizersCache: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename-cache-authorizers.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, StageName
from runtime.gateway.httpapi.service import HttpGateway
from streamcore.api.aws.service import Call


class ResetAuthorizersCacheInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    stage_name: StageName


@APIGATEWAYV2.action(
    "ResetAuthorizersCache", "DELETE", "/v2/apis/{apiId}/stages/{stageName}/cache/authorizers", status=204
)
async def reset_authorizers_cache(gateway: HttpGateway, call: Call, input_: ResetAuthorizersCacheInput) -> None:
    """Authorizers' functions are asked again."""
    record = gateway.apis.api(call.scope, input_.api_id)
    gateway.apis.stage(record, input_.stage_name)
    gateway.authorizers.forget(record.id, input_.stage_name)
