"""DeleteDeployment: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-deployments-deploymentid.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, DeploymentId
from runtime.gateway.httpapi.service import HttpGateway
from streamcore.api.aws.service import Call


class DeleteDeploymentInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    deployment_id: DeploymentId


@APIGATEWAYV2.action("DeleteDeployment", "DELETE", "/v2/apis/{apiId}/deployments/{deploymentId}", status=204)
async def delete_deployment(gateway: HttpGateway, call: Call, input_: DeleteDeploymentInput) -> None:
    """One that no stage serves."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        await gateway.apis.delete_deployment(record, input_.deployment_id)
