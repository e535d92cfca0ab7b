"""GetModels: https://docs.aws.amazon.com/apigateway/latest/api/API_GetModels.html"""

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
    Model,
)
from streamcore.api.aws.service import Call


class Models(Listed, frozen=True, kw_only=True):
    items: list[Model] = msgspec.field(name="item")


class GetModelsInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    position: Position | None = None
    limit: Limit | None = None


@APIGATEWAY.action("GetModels", "GET", "/restapis/{restapi_id}/models")
async def get_models(gateway: Gateway, call: Call, input_: GetModelsInput) -> Models:
    """By the order of their names."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)

    items, position = paged(record.content.models, input_.position, input_.limit)
    return Models(items=items, position=position)
