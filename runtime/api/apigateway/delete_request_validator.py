"""DeleteRequestValidator: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteRequestValidator.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.errors import ApiConflictError
from runtime.gateway.service import Gateway
from runtime.model.apigateway.structure import (
    methods_of,
    validator_of,
    without,
)
from runtime.model.apigateway.values import (
    changed,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class DeleteRequestValidatorInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    request_validator_id: Annotated[str, label("requestvalidator_id")]


@APIGATEWAY.action(
    "DeleteRequestValidator", "DELETE", "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}", status=202
)
async def delete_request_validator(gateway: Gateway, call: Call, input_: DeleteRequestValidatorInput) -> None:
    """One that no method has."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        content = record.content
        found = validator_of(content, input_.request_validator_id)
        if any(each.request_validator_id == found.id for each in methods_of(content)):
            raise ApiConflictError(f"Cannot delete validator '{found.name}', is referenced in a method.")
        await gateway.apis.save(record, changed(content, validators=without(content.validators, found.id)))
