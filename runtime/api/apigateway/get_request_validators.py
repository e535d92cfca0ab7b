"""GetRequestValidators: https://docs.aws.amazon.com/apigateway/latest/api/API_GetRequestValidators.html"""

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
    RequestValidator,
)
from streamcore.api.aws.service import Call


class RequestValidators(Listed, frozen=True, kw_only=True):
    items: list[RequestValidator] = msgspec.field(name="item")


class GetRequestValidatorsInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    position: Position | None = None
    limit: Limit | None = None


@APIGATEWAY.action("GetRequestValidators", "GET", "/restapis/{restapi_id}/requestvalidators")
async def get_request_validators(gateway: Gateway, call: Call, input_: GetRequestValidatorsInput) -> RequestValidators:
    """By the order of their ids."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)

    items, position = paged(record.content.validators, input_.position, input_.limit)
    return RequestValidators(items=items, position=position)
