"""GetDeployments: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-deployments.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, Listed, MaxResults, NextToken, results
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.httpapi.values import HttpDeployment
from streamcore.api.aws.service import Call


class GetDeploymentsInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    max_results: MaxResults | None = None
    next_token: NextToken | None = None


class Deployments(Listed, frozen=True, kw_only=True):
    items: list[HttpDeployment]


@APIGATEWAYV2.action("GetDeployments", "GET", "/v2/apis/{apiId}/deployments")
async def get_deployments(gateway: HttpGateway, call: Call, input_: GetDeploymentsInput) -> Deployments:
    """In the order of their ids."""
    record = gateway.apis.api(call.scope, input_.api_id)
    present = {each.deployment.deployment_id: each.deployment for each in gateway.apis.deployments(record)}
    items, next_token = results(present, input_.max_results, input_.next_token)
    return Deployments(items=items, next_token=next_token)
