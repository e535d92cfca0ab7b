"""UpdateGatewayResponse: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateGatewayResponse.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Patch,
    RestApiId,
    operations,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.gateway_responses import default_response
from runtime.model.apigateway.patch import patched
from runtime.model.apigateway.patches import (
    GATEWAY_RESPONSE,
)
from runtime.model.apigateway.put_checks import (
    check_gateway_response,
    check_response_type,
)
from runtime.model.apigateway.values import (
    GatewayResponse,
    changed,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class UpdateGatewayResponseInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    response_type: Annotated[str, label("response_type")]
    patch_operations: Patch | None = None


@APIGATEWAY.action("UpdateGatewayResponse", "PATCH", "/restapis/{restapi_id}/gatewayresponses/{response_type}")
async def update_gateway_response(gateway: Gateway, call: Call, input_: UpdateGatewayResponseInput) -> GatewayResponse:
    """Changes what the gateway answers."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        kind = check_response_type(input_.response_type)
        before = record.content.gateway_responses.get(kind) or default_response(kind)
        after = changed(patched(before, operations(input_.patch_operations), GATEWAY_RESPONSE), default_response=False)
        check_gateway_response(after)
        responses = record.content.gateway_responses | {kind: after}
        await gateway.apis.save(record, changed(record.content, gateway_responses=responses))
        return after
