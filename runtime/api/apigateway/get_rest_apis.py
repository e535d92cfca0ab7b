"""GetRestApis: https://docs.aws.amazon.com/apigateway/latest/api/API_GetRestApis.html"""

from __future__ import annotations

import msgspec

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Limit,
    Listed,
    Position,
    paged,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    RestApi,
)
from streamcore.api.aws.service import Call


class RestApis(Listed, frozen=True, kw_only=True):
    items: list[RestApi] = msgspec.field(name="item")


class GetRestApisInput(ApiShape, frozen=True, kw_only=True):
    position: Position | None = None
    limit: Limit | None = None


@APIGATEWAY.action("GetRestApis", "GET", "/restapis")
async def get_rest_apis(gateway: Gateway, call: Call, input_: GetRestApisInput) -> RestApis:
    """By the order of their ids."""
    found = {each.id: each.content.api for each in gateway.apis.apis(call.scope)}
    items, position = paged(found, input_.position, input_.limit)
    return RestApis(items=items, position=position)
