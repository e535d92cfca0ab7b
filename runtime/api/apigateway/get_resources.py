"""GetResources: https://docs.aws.amazon.com/apigateway/latest/api/API_GetResources.html"""

from __future__ import annotations

from typing import Annotated, Any

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
from runtime.api.apigateway.views import resource_view
from runtime.gateway.service import Gateway
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class Resources(Listed, frozen=True, kw_only=True):
    items: list[dict[str, Any]] = msgspec.field(name="item")


class GetResourcesInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    position: Position | None = None
    limit: Limit | None = None
    embed: Annotated[list[str], query("embed")] | None = None


@APIGATEWAY.action("GetResources", "GET", "/restapis/{restapi_id}/resources")
async def get_resources(gateway: Gateway, call: Call, input_: GetResourcesInput) -> Resources:
    """By the order of their ids; with their methods for `embed=methods`."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)

    is_whole = "methods" in (input_.embed or [])
    found = {each.id: resource_view(each, is_whole=is_whole) for each in record.content.resources.values()}
    items, position = paged(found, input_.position, input_.limit)
    return Resources(items=items, position=position)
