"""UpdateUsage: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateUsage.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Patch,
    operations,
)
from runtime.api.apigateway.usage import (
    Usage,
    check_in_plan,
    remaining_of,
    used,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.rates import day_of
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class UpdateUsageInput(ApiShape, frozen=True, kw_only=True):
    usage_plan_id: Annotated[str, label("usageplanId")]
    key_id: Annotated[str, label("keyId")]
    patch_operations: Patch | None = None


@APIGATEWAY.action("UpdateUsage", "PATCH", "/usageplans/{usageplanId}/keys/{keyId}/usage")
async def update_usage(gateway: Gateway, call: Call, input_: UpdateUsageInput) -> Usage:
    """Grants a key more requests of its quota: `replace /remaining`."""
    async with gateway.keys.changing:
        record = gateway.keys.plan(call.scope, input_.usage_plan_id)
        check_in_plan(record, input_.key_id)
        remaining = remaining_of(operations(input_.patch_operations))
        usage = await gateway.keys.grant(record, input_.key_id, remaining)
    today = day_of(call.broker.clock.now_ms())
    values = {input_.key_id: used(record.plan, usage, today, today)}
    return Usage(usage_plan_id=record.plan.id, start_date=str(today), end_date=str(today), values=values)
