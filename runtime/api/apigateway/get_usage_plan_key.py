"""GetUsagePlanKey: https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsagePlanKey.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
)
from runtime.api.apigateway.usage import (
    UsagePlanKey,
    check_in_plan,
)
from runtime.gateway.service import Gateway
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class GetUsagePlanKeyInput(ApiShape, frozen=True, kw_only=True):
    usage_plan_id: Annotated[str, label("usageplanId")]
    key_id: Annotated[str, label("keyId")]


@APIGATEWAY.action("GetUsagePlanKey", "GET", "/usageplans/{usageplanId}/keys/{keyId}")
async def get_usage_plan_key(gateway: Gateway, call: Call, input_: GetUsagePlanKeyInput) -> UsagePlanKey:
    """Tells of a key in a plan."""
    record = gateway.keys.plan(call.scope, input_.usage_plan_id)
    check_in_plan(record, input_.key_id)
    return UsagePlanKey.of(gateway.keys.key(call.scope, input_.key_id))
