"""CreateDeployment: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-deployments.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, Description
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.httpapi.values import HttpDeployment
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text


class CreateDeploymentInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    description: Description | None = None
    stage_name: Annotated[str, text(1, 128)] | None = None


@APIGATEWAYV2.action("CreateDeployment", "POST", "/v2/apis/{apiId}/deployments", status=201)
async def create_deployment(gateway: HttpGateway, call: Call, input_: CreateDeploymentInput) -> HttpDeployment:
    """Keeps the API as it is, and serves it by a stage that is there."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        stage = None if input_.stage_name is None else gateway.apis.stage(record, input_.stage_name)
        return await gateway.apis.deploy(record, input_.description, stage)
