"""CreateStage: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape, Refused, check_tags, refuse_given
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, Description, Name, Texts
from runtime.api.apigatewayv2.stages import AccessLogShape, RouteSettingsShape, settings_of
from runtime.errors import ApiGatewayError
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.checks import check_stage
from runtime.model.httpapi.defaults import new_stage
from runtime.model.httpapi.values import HttpStage
from streamcore.api.aws.service import Call


class CreateStageInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    access_log_settings: AccessLogShape | None = None
    auto_deploy: bool = False
    client_certificate_id: Refused = None
    default_route_settings: RouteSettingsShape | None = None
    deployment_id: str | None = None
    description: Description | None = None
    route_settings: dict[str, RouteSettingsShape] | None = None
    stage_name: Name
    stage_variables: Texts | None = None
    tags: Texts | None = None


@APIGATEWAYV2.action("CreateStage", "POST", "/v2/apis/{apiId}/stages", status=201)
async def create_stage(gateway: HttpGateway, call: Call, input_: CreateStageInput) -> HttpStage:
    """Serves a deployment, or the API as it is at any time."""
    refuse_given(input_, "client_certificate_id")
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        if input_.auto_deploy and input_.deployment_id is not None:
            raise ApiGatewayError("DeploymentId cannot be set when AutoDeploy is enabled")
        made = changed(
            new_stage(input_.stage_name, gateway.apis.now(), auto_deploy=input_.auto_deploy),
            deployment_id=input_.deployment_id,
            description=input_.description,
            stage_variables=input_.stage_variables or {},
            tags=check_tags(input_.tags),
        )
        made = settings_of(input_, made)
        check_stage(record.content, made)
        return await gateway.apis.create_stage(record, made)
