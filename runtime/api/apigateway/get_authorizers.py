"""GetAuthorizers: https://docs.aws.amazon.com/apigateway/latest/api/API_GetAuthorizers.html"""

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
    Authorizer,
)
from streamcore.api.aws.service import Call


class Authorizers(Listed, frozen=True, kw_only=True):
    items: list[Authorizer] = msgspec.field(name="item")


class GetAuthorizersInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    position: Position | None = None
    limit: Limit | None = None


@APIGATEWAY.action("GetAuthorizers", "GET", "/restapis/{restapi_id}/authorizers")
async def get_authorizers(gateway: Gateway, call: Call, input_: GetAuthorizersInput) -> Authorizers:
    """By the order of their ids."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)

    items, position = paged(record.content.authorizers, input_.position, input_.limit)
    return Authorizers(items=items, position=position)
