"""UpdateDeployment: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-deployments-deploymentid.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, DeploymentId, Description, given
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.values import HttpDeployment
from streamcore.api.aws.service import Call


class UpdateDeploymentInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    deployment_id: DeploymentId
    description: Description | None = None


@APIGATEWAYV2.action("UpdateDeployment", "PATCH", "/v2/apis/{apiId}/deployments/{deploymentId}")
async def update_deployment(gateway: HttpGateway, call: Call, input_: UpdateDeploymentInput) -> HttpDeployment:
    """Its description."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        found = gateway.apis.deployment(record, input_.deployment_id)
        after = changed(found.deployment, **given(input_, "description"))
        await gateway.apis.save_deployment(found, after)
        return after
