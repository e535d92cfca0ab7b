"""GetDeployment: https://docs.aws.amazon.com/apigateway/latest/api/API_GetDeployment.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.api.apigateway.views import summary_of, told
from runtime.gateway.service import Gateway
from streamcore.api.aws.binding import label, query
from streamcore.api.aws.service import Call
from streamcore.api.http import Response


class GetDeploymentInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    deployment_id: Annotated[str, label("deployment_id")]
    embed: Annotated[list[str], query("embed")] | None = None


@APIGATEWAY.action("GetDeployment", "GET", "/restapis/{restapi_id}/deployments/{deployment_id}")
async def get_deployment(gateway: Gateway, call: Call, input_: GetDeploymentInput) -> Response:
    """Tells of a deployment; for `embed=apisummary` with its methods."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)

    found = gateway.apis.deployment(record, input_.deployment_id)
    view = msgspec.to_builtins(found.deployment)
    if "apisummary" in (input_.embed or []):
        view["apiSummary"] = summary_of(found.content)
    return told(view)
