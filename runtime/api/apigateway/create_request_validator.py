"""CreateRequestValidator: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRequestValidator.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.gateway.ids import new_id
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    RequestValidator,
    changed,
)
from streamcore.api.aws.service import Call


class CreateRequestValidatorInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    name: str | None = None
    validate_request_body: bool = False
    validate_request_parameters: bool = False


@APIGATEWAY.action("CreateRequestValidator", "POST", "/restapis/{restapi_id}/requestvalidators", status=201)
async def create_request_validator(
    gateway: Gateway, call: Call, input_: CreateRequestValidatorInput
) -> RequestValidator:
    """Says what of a request is checked."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        content = record.content
        made = RequestValidator(
            id=new_id(content.validators, 6),
            name=input_.name,
            validate_request_body=input_.validate_request_body,
            validate_request_parameters=input_.validate_request_parameters,
        )
        await gateway.apis.save(record, changed(content, validators=content.validators | {made.id: made}))
        return made
