"""CreateApiKey: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateApiKey.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Refused,
    Texts,
    check_tags,
)
from runtime.api.apigateway.usage import (
    check_key_value,
)
from runtime.api.apigateway.views import now_s
from runtime.errors import ApiGatewayError
from runtime.gateway.ids import new_id, new_key_value
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    ApiKey,
)
from streamcore.api.aws.service import Call


class CreateApiKeyInput(ApiShape, frozen=True, kw_only=True):
    name: str | None = None
    description: str | None = None
    enabled: bool = False
    generate_distinct_id: bool | None = None
    value: str | None = None
    stage_keys: Refused = None
    customer_id: str | None = None
    tags: Texts | None = None


@APIGATEWAY.action("CreateApiKey", "POST", "/apikeys", status=201)
async def create_api_key(gateway: Gateway, call: Call, input_: CreateApiKeyInput) -> ApiKey:
    """A key that callers send; it is good in the stages of its usage plans."""
    if input_.stage_keys:
        raise ApiGatewayError("stageKeys are not offered; put the key into a usage plan.")
    if input_.generate_distinct_id is False:
        raise ApiGatewayError("generateDistinctId false is not offered: the id of a key is never its value.")
    check_key_value(input_.value)
    now = now_s(call)
    made = ApiKey(
        id=new_id(),
        value=input_.value or new_key_value(),
        name=input_.name,
        customer_id=input_.customer_id,
        description=input_.description,
        enabled=input_.enabled,
        created_date=now,
        last_updated_date=now,
        stage_keys=[],
        tags=check_tags(input_.tags),
    )
    async with gateway.keys.changing:
        await gateway.keys.save_key(call.scope, made)
    return made
