"""DeleteDeployment: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteDeployment.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.gateway.service import Gateway
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class DeleteDeploymentInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    deployment_id: Annotated[str, label("deployment_id")]


@APIGATEWAY.action("DeleteDeployment", "DELETE", "/restapis/{restapi_id}/deployments/{deployment_id}", status=202)
async def delete_deployment(gateway: Gateway, call: Call, input_: DeleteDeploymentInput) -> None:
    """One that no stage serves."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        await gateway.apis.delete_deployment(record, input_.deployment_id)
