"""DeleteUsagePlan: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteUsagePlan.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
)
from runtime.errors import ApiGatewayError
from runtime.gateway.service import Gateway
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class DeleteUsagePlanInput(ApiShape, frozen=True, kw_only=True):
    usage_plan_id: Annotated[str, label("usageplanId")]


@APIGATEWAY.action("DeleteUsagePlan", "DELETE", "/usageplans/{usageplanId}", status=202)
async def delete_usage_plan(gateway: Gateway, call: Call, input_: DeleteUsagePlanInput) -> None:
    """One that has no stages."""
    async with gateway.keys.changing:
        record = gateway.keys.plan(call.scope, input_.usage_plan_id)
        if record.plan.api_stages:
            names = ", ".join(f"{each.api_id}:{each.stage}" for each in record.plan.api_stages)
            raise ApiGatewayError(
                f"Cannot delete usage plan {record.plan.id} because it is associated with API stages: {names}"
            )
        await gateway.keys.delete_plan(record)
