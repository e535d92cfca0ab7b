"""DeleteAccessLogSettings: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename-accesslogsettings.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, StageName
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from streamcore.api.aws.service import Call


class DeleteAccessLogSettingsInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    stage_name: StageName


@APIGATEWAYV2.action(
    "DeleteAccessLogSettings", "DELETE", "/v2/apis/{apiId}/stages/{stageName}/accesslogsettings", status=204
)
async def delete_access_log_settings(gateway: HttpGateway, call: Call, input_: DeleteAccessLogSettingsInput) -> None:
    """Nothing is logged from now on."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        stage = gateway.apis.stage(record, input_.stage_name)
        await gateway.apis.save_stage(record, changed(stage, access_log_settings=None))
