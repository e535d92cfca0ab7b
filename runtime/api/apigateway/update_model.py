"""UpdateModel: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateModel.html"""

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
    MODEL,
)
from runtime.model.apigateway.put_checks import (
    check_model,
)
from runtime.model.apigateway.structure import (
    model_of,
)
from runtime.model.apigateway.values import (
    Model,
    changed,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class UpdateModelInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    model_name: Annotated[str, label("model_name")]
    patch_operations: Patch | None = None


@APIGATEWAY.action("UpdateModel", "PATCH", "/restapis/{restapi_id}/models/{model_name}")
async def update_model(gateway: Gateway, call: Call, input_: UpdateModelInput) -> Model:
    """Changes a schema."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        after = patched(model_of(record.content, input_.model_name), operations(input_.patch_operations), MODEL)
        check_model(record.content, after)
        await gateway.apis.save(record, changed(record.content, models=record.content.models | {after.name: after}))
        return after
