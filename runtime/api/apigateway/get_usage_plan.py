"""GetUsagePlan: https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsagePlan.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    UsagePlan,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class GetUsagePlanInput(ApiShape, frozen=True, kw_only=True):
    usage_plan_id: Annotated[str, label("usageplanId")]


@APIGATEWAY.action("GetUsagePlan", "GET", "/usageplans/{usageplanId}")
async def get_usage_plan(gateway: Gateway, call: Call, input_: GetUsagePlanInput) -> UsagePlan:
    """Tells of a plan."""
    return gateway.keys.plan(call.scope, input_.usage_plan_id).plan
