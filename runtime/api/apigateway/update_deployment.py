"""UpdateDeployment: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateDeployment.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Patch,
    RestApiId,
    operations,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.patch import patched
from runtime.model.apigateway.patches import (
    DEPLOYMENT,
)
from runtime.model.apigateway.values import (
    Deployment,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class UpdateDeploymentInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    deployment_id: Annotated[str, label("deployment_id")]
    patch_operations: Patch | None = None


@APIGATEWAY.action("UpdateDeployment", "PATCH", "/restapis/{restapi_id}/deployments/{deployment_id}")
async def update_deployment(gateway: Gateway, call: Call, input_: UpdateDeploymentInput) -> Deployment:
    """Changes its description."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        found = gateway.apis.deployment(record, input_.deployment_id)
        after = patched(found.deployment, operations(input_.patch_operations), DEPLOYMENT)
        await gateway.apis.save_deployment(found, after)
        return after
