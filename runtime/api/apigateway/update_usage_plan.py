"""UpdateUsagePlan: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateUsagePlan.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Patch,
    operations,
)
from runtime.api.apigateway.usage import (
    check_plan,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.patches import (
    patched_plan,
)
from runtime.model.apigateway.values import (
    UsagePlan,
    changed,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class UpdateUsagePlanInput(ApiShape, frozen=True, kw_only=True):
    usage_plan_id: Annotated[str, label("usageplanId")]
    patch_operations: Patch | None = None


@APIGATEWAY.action("UpdateUsagePlan", "PATCH", "/usageplans/{usageplanId}")
async def update_usage_plan(gateway: Gateway, call: Call, input_: UpdateUsagePlanInput) -> UsagePlan:
    """Changes a plan."""
    async with gateway.keys.changing:
        record = gateway.keys.plan(call.scope, input_.usage_plan_id)
        after = patched_plan(record.plan, operations(input_.patch_operations))
        check_plan(gateway, call.scope, after)
        await gateway.keys.save_plan(changed(record, plan=after))
    return after
