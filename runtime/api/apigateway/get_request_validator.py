"""GetRequestValidator: https://docs.aws.amazon.com/apigateway/latest/api/API_GetRequestValidator.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.structure import (
    validator_of,
)
from runtime.model.apigateway.values import (
    RequestValidator,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class GetRequestValidatorInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    request_validator_id: Annotated[str, label("requestvalidator_id")]


@APIGATEWAY.action("GetRequestValidator", "GET", "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}")
async def get_request_validator(gateway: Gateway, call: Call, input_: GetRequestValidatorInput) -> RequestValidator:
    """Tells of a validator."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)
    return validator_of(record.content, input_.request_validator_id)
