"""DeleteGatewayResponse: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteGatewayResponse.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.errors import ApiNotFoundError
from runtime.gateway.service import Gateway
from runtime.model.apigateway.put_checks import (
    check_response_type,
)
from runtime.model.apigateway.structure import (
    without,
)
from runtime.model.apigateway.values import (
    changed,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class DeleteGatewayResponseInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    response_type: Annotated[str, label("response_type")]


@APIGATEWAY.action(
    "DeleteGatewayResponse", "DELETE", "/restapis/{restapi_id}/gatewayresponses/{response_type}", status=202
)
async def delete_gateway_response(gateway: Gateway, call: Call, input_: DeleteGatewayResponseInput) -> None:
    """The case is answered as by default again."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        kind = check_response_type(input_.response_type)
        if kind not in record.content.gateway_responses:
            raise ApiNotFoundError("Gateway response type not defined on api")
        after = without(record.content.gateway_responses, kind)
        await gateway.apis.save(record, changed(record.content, gateway_responses=after))
