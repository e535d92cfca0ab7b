"""GetDeployments: https://docs.aws.amazon.com/apigateway/latest/api/API_GetDeployments.html"""

from __future__ import annotations

import msgspec

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Limit,
    Listed,
    Position,
    RestApiId,
    paged,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    Deployment,
)
from streamcore.api.aws.service import Call


class Deployments(Listed, frozen=True, kw_only=True):
    items: list[Deployment] = msgspec.field(name="item")


class GetDeploymentsInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    position: Position | None = None
    limit: Limit | None = None


@APIGATEWAY.action("GetDeployments", "GET", "/restapis/{restapi_id}/deployments")
async def get_deployments(gateway: Gateway, call: Call, input_: GetDeploymentsInput) -> Deployments:
    """By the order of their ids."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)

    found = {each.deployment.id: each.deployment for each in gateway.apis.deployments(record)}
    items, position = paged(found, input_.position, input_.limit)
    return Deployments(items=items, position=position)
