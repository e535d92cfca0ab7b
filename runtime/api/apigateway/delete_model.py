"""DeleteModel: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteModel.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.put_checks import (
    check_model_unused,
)
from runtime.model.apigateway.structure import (
    model_of,
    without,
)
from runtime.model.apigateway.values import (
    changed,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class DeleteModelInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    model_name: Annotated[str, label("model_name")]


@APIGATEWAY.action("DeleteModel", "DELETE", "/restapis/{restapi_id}/models/{model_name}", status=202)
async def delete_model(gateway: Gateway, call: Call, input_: DeleteModelInput) -> None:
    """One that no method and no model refers to."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        content = record.content
        found = model_of(content, input_.model_name)
        check_model_unused(content, found.name)
        await gateway.apis.save(record, changed(content, models=without(content.models, found.name)))
