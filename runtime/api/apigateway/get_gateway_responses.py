"""GetGatewayResponses: https://docs.aws.amazon.com/apigateway/latest/api/API_GetGatewayResponses.html"""

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
from runtime.model.apigateway.gateway_responses import TYPES, default_response
from runtime.model.apigateway.values import (
    GatewayResponse,
)
from streamcore.api.aws.service import Call


class GatewayResponses(Listed, frozen=True, kw_only=True):
    items: list[GatewayResponse] = msgspec.field(name="item")


class GetGatewayResponsesInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    position: Position | None = None
    limit: Limit | None = None


@APIGATEWAY.action("GetGatewayResponses", "GET", "/restapis/{restapi_id}/gatewayresponses")
async def get_gateway_responses(gateway: Gateway, call: Call, input_: GetGatewayResponsesInput) -> GatewayResponses:
    """Of all cases, also those that nobody changed."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)

    found = {kind: record.content.gateway_responses.get(kind) or default_response(kind) for kind in TYPES}
    items, position = paged(found, input_.position, input_.limit)
    return GatewayResponses(items=items, position=position)
