"""GetStages: https://docs.aws.amazon.com/apigateway/latest/api/API_GetStages.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    Stage,
    Value,
)
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class Stages(Value, frozen=True, kw_only=True):
    items: list[Stage] = msgspec.field(name="item")


class GetStagesInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    deployment_id: Annotated[str, query("deploymentId")] | None = None


@APIGATEWAY.action("GetStages", "GET", "/restapis/{restapi_id}/stages")
async def get_stages(gateway: Gateway, call: Call, input_: GetStagesInput) -> Stages:
    """All of an API, or those that serve a deployment."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)

    found = [each.stage for each in gateway.apis.stages(record)]
    return Stages(items=[each for each in found if input_.deployment_id in (None, each.deployment_id)])
