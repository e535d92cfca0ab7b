"""GetDeployment: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-deployments-deploymentid.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, DeploymentId
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.httpapi.values import HttpDeployment
from streamcore.api.aws.service import Call


class GetDeploymentInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    deployment_id: DeploymentId


@APIGATEWAYV2.action("GetDeployment", "GET", "/v2/apis/{apiId}/deployments/{deploymentId}")
async def get_deployment(gateway: HttpGateway, call: Call, input_: GetDeploymentInput) -> HttpDeployment:
    """A deployment by its id."""
    record = gateway.apis.api(call.scope, input_.api_id)
    return gateway.apis.deployment(record, input_.deployment_id).deployment
