"""PutGatewayResponse: https://docs.aws.amazon.com/apigateway/latest/api/API_PutGatewayResponse.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
    StatusCode,
    Texts,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.gateway_responses import default_response
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


class PutGatewayResponseInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    response_type: Annotated[str, label("response_type")]
    status_code: StatusCode | None = None
    response_parameters: Texts | None = None
    response_templates: Texts | None = None


@APIGATEWAY.action("PutGatewayResponse", "PUT", "/restapis/{restapi_id}/gatewayresponses/{response_type}", status=201)
async def put_gateway_response(gateway: Gateway, call: Call, input_: PutGatewayResponseInput) -> GatewayResponse:
    """What the gateway answers in a certain case."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        made = GatewayResponse(
            response_type=check_response_type(input_.response_type),
            status_code=input_.status_code or default_response(input_.response_type).status_code,
            response_parameters=input_.response_parameters or {},
            response_templates=input_.response_templates or {},
            default_response=False,
        )
        check_gateway_response(made)
        after = record.content.gateway_responses | {made.response_type: made}
        await gateway.apis.save(record, changed(record.content, gateway_responses=after))
        return made
