"""CreateModel: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateModel.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.errors import ApiConflictError
from runtime.gateway.ids import new_id
from runtime.gateway.service import Gateway
from runtime.model.apigateway.put_checks import (
    check_model,
    check_model_name,
)
from runtime.model.apigateway.values import (
    Model,
    changed,
)
from streamcore.api.aws.service import Call


class CreateModelInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    name: str
    description: str | None = None
    schema: str | None = None
    content_type: str


@APIGATEWAY.action("CreateModel", "POST", "/restapis/{restapi_id}/models", status=201)
async def create_model(gateway: Gateway, call: Call, input_: CreateModelInput) -> Model:
    """Names a JSON Schema."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        content = record.content
        check_model_name(input_.name)
        if input_.name in content.models:
            raise ApiConflictError("Model name already exists for this REST API")
        made = Model(
            id=new_id(length=6),
            name=input_.name,
            description=input_.description,
            schema=input_.schema or "{}",
            content_type=input_.content_type,
        )
        check_model(content, made)
        await gateway.apis.save(record, changed(content, models=content.models | {made.name: made}))
        return made
