"""UpdateStage: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape, Refused, refuse_given
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, Description, StageName, Texts, given
from runtime.api.apigatewayv2.stages import AccessLogShape, RouteSettingsShape, settings_of
from runtime.errors import ApiGatewayError
from runtime.gateway.httpapi.parts import merged_parameters
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.checks import check_stage
from runtime.model.httpapi.values import HttpStage
from streamcore.api.aws.service import Call


class UpdateStageInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    stage_name: StageName
    access_log_settings: AccessLogShape | None = None
    auto_deploy: bool | None = None
    client_certificate_id: Refused = None
    default_route_settings: RouteSettingsShape | None = None
    deployment_id: str | None = None
    description: Description | None = None
    route_settings: dict[str, RouteSettingsShape] | None = None
    stage_variables: Texts | None = None


@APIGATEWAYV2.action("UpdateStage", "PATCH", "/v2/apis/{apiId}/stages/{stageName}")
async def update_stage(gateway: HttpGateway, call: Call, input_: UpdateStageInput) -> HttpStage:
    """The members that are given. Of variables and route settings those that are named; an empty text takes a variable
    away."""
    refuse_given(input_, "client_certificate_id")
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        before = gateway.apis.stage(record, input_.stage_name)
        after = changed(before, **given(input_, "auto_deploy", "deployment_id", "description"))
        if after.auto_deploy and input_.deployment_id is not None:
            raise ApiGatewayError("DeploymentId cannot be set when AutoDeploy is enabled")
        variables = merged_parameters(before.stage_variables, input_.stage_variables) or {}
        after = changed(after, stage_variables=variables, last_updated_date=gateway.apis.now())
        after = settings_of(input_, after)
        check_stage(record.content, after)
        return await gateway.apis.save_stage(record, after)
