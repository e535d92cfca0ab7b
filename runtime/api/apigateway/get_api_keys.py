"""GetApiKeys: https://docs.aws.amazon.com/apigateway/latest/api/API_GetApiKeys.html"""

from __future__ import annotations

from typing import Annotated

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
    ApiKey,
    changed,
)
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class ApiKeys(Listed, frozen=True, kw_only=True):
    items: list[ApiKey] = msgspec.field(name="item")


class GetApiKeysInput(ApiShape, frozen=True, kw_only=True):
    position: Position | None = None
    limit: Limit | None = None
    name_query: Annotated[str, query("name")] | None = None
    customer_id: Annotated[str, query("customerId")] | None = None
    include_values: Annotated[bool, query("includeValues")] = False


@APIGATEWAY.action("GetApiKeys", "GET", "/apikeys")
async def get_api_keys(gateway: Gateway, call: Call, input_: GetApiKeysInput) -> ApiKeys:
    """By the order of their ids; their values are told when asked for."""
    found = {
        each.id: each if input_.include_values else changed(each, value=None)
        for each in gateway.keys.keys(call.scope)
        if (each.name or "").startswith(input_.name_query or "") and input_.customer_id in (None, each.customer_id)
    }
    items, position = paged(found, input_.position, input_.limit)
    return ApiKeys(items=items, position=position)
