"""GetUsagePlans: https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsagePlans.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Limit,
    Listed,
    Position,
    paged,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    UsagePlan,
)
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class UsagePlans(Listed, frozen=True, kw_only=True):
    items: list[UsagePlan] = msgspec.field(name="item")


class GetUsagePlansInput(ApiShape, frozen=True, kw_only=True):
    position: Position | None = None
    key_id: Annotated[str, query("keyId")] | None = None
    limit: Limit | None = None


@APIGATEWAY.action("GetUsagePlans", "GET", "/usageplans")
async def get_usage_plans(gateway: Gateway, call: Call, input_: GetUsagePlansInput) -> UsagePlans:
    """By the order of their ids; all, or those of a key."""
    found = {
        each.plan.id: each.plan
        for each in gateway.keys.plans(call.scope)
        if input_.key_id is None or input_.key_id in each.keys
    }
    items, position = paged(found, input_.position, input_.limit)
    return UsagePlans(items=items, position=position)
