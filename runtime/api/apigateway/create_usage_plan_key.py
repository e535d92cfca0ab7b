"""CreateUsagePlanKey: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateUsagePlanKey.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
)
from runtime.api.apigateway.usage import (
    UsagePlanKey,
)
from runtime.errors import ApiConflictError, ApiGatewayError
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    changed,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class CreateUsagePlanKeyInput(ApiShape, frozen=True, kw_only=True):
    usage_plan_id: Annotated[str, label("usageplanId")]
    key_id: str
    key_type: str


@APIGATEWAY.action("CreateUsagePlanKey", "POST", "/usageplans/{usageplanId}/keys", status=201)
async def create_usage_plan_key(gateway: Gateway, call: Call, input_: CreateUsagePlanKeyInput) -> UsagePlanKey:
    """Puts a key into a plan."""
    if input_.key_type != "API_KEY":
        raise ApiGatewayError("Invalid key type specified: it is API_KEY")
    async with gateway.keys.changing:
        record = gateway.keys.plan(call.scope, input_.usage_plan_id)
        key = gateway.keys.key(call.scope, input_.key_id)
        if key.id in record.keys:
            raise ApiConflictError(f"API Key {key.id} already exists in usage plan {record.plan.id}")
        await gateway.keys.save_plan(changed(record, keys=[*record.keys, key.id]))
    return UsagePlanKey.of(key)
