"""GetUsage: https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Limit,
    Position,
    paged,
)
from runtime.api.apigateway.usage import (
    Usage,
    days_of,
    used,
)
from runtime.gateway.service import Gateway
from streamcore.api.aws.binding import label, query
from streamcore.api.aws.service import Call


class GetUsageInput(ApiShape, frozen=True, kw_only=True):
    usage_plan_id: Annotated[str, label("usageplanId")]
    key_id: Annotated[str, query("keyId")] | None = None
    start_date: Annotated[str, query("startDate")]
    end_date: Annotated[str, query("endDate")]
    position: Position | None = None
    limit: Limit | None = None


@APIGATEWAY.action("GetUsage", "GET", "/usageplans/{usageplanId}/usage")
async def get_usage(gateway: Gateway, call: Call, input_: GetUsageInput) -> Usage:
    """What keys used by the day, and what they had left."""
    record = gateway.keys.plan(call.scope, input_.usage_plan_id)
    first, last = days_of(input_.start_date, input_.end_date)
    keys = {each: each for each in record.keys if input_.key_id in (None, each)}
    names, position = paged(keys, input_.position, input_.limit)
    values = {each: used(record.plan, gateway.keys.usage(record, each), first, last) for each in names}
    return Usage(
        usage_plan_id=record.plan.id, start_date=str(first), end_date=str(last), position=position, values=values
    )
