"""GetGatewayResponse: https://docs.aws.amazon.com/apigateway/latest/api/API_GetGatewayResponse.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.gateway_responses import default_response
from runtime.model.apigateway.put_checks import (
    check_response_type,
)
from runtime.model.apigateway.values import (
    GatewayResponse,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class GetGatewayResponseInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    response_type: Annotated[str, label("response_type")]


@APIGATEWAY.action("GetGatewayResponse", "GET", "/restapis/{restapi_id}/gatewayresponses/{response_type}")
async def get_gateway_response(gateway: Gateway, call: Call, input_: GetGatewayResponseInput) -> GatewayResponse:
    """What the gateway answers in a certain case."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)

    kind = check_response_type(input_.response_type)
    return record.content.gateway_responses.get(kind) or default_response(kind)
