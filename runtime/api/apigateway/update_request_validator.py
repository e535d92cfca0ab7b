"""UpdateRequestValidator: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateRequestValidator.html"""

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
from runtime.model.apigateway.patch import patched
from runtime.model.apigateway.patches import (
    VALIDATOR,
)
from runtime.model.apigateway.structure import (
    validator_of,
)
from runtime.model.apigateway.values import (
    RequestValidator,
    changed,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class UpdateRequestValidatorInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    request_validator_id: Annotated[str, label("requestvalidator_id")]
    patch_operations: Patch | None = None


@APIGATEWAY.action("UpdateRequestValidator", "PATCH", "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}")
async def update_request_validator(
    gateway: Gateway, call: Call, input_: UpdateRequestValidatorInput
) -> RequestValidator:
    """Changes what is checked."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        after = patched(
            validator_of(record.content, input_.request_validator_id), operations(input_.patch_operations), VALIDATOR
        )
        await gateway.apis.save(
            record, changed(record.content, validators=record.content.validators | {after.id: after})
        )
        return after
