"""GetUsagePlanKeys: https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsagePlanKeys.html"""

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
from runtime.api.apigateway.usage import (
    UsagePlanKey,
)
from runtime.gateway.service import Gateway
from streamcore.api.aws.binding import label, query
from streamcore.api.aws.service import Call


class UsagePlanKeys(Listed, frozen=True, kw_only=True):
    items: list[UsagePlanKey] = msgspec.field(name="item")


class GetUsagePlanKeysInput(ApiShape, frozen=True, kw_only=True):
    usage_plan_id: Annotated[str, label("usageplanId")]
    position: Position | None = None
    limit: Limit | None = None
    name_query: Annotated[str, query("name")] | None = None


@APIGATEWAY.action("GetUsagePlanKeys", "GET", "/usageplans/{usageplanId}/keys")
async def get_usage_plan_keys(gateway: Gateway, call: Call, input_: GetUsagePlanKeysInput) -> UsagePlanKeys:
    """By the order of their ids."""
    record = gateway.keys.plan(call.scope, input_.usage_plan_id)
    keys = (gateway.keys.key(call.scope, each) for each in record.keys)
    found = {each.id: UsagePlanKey.of(each) for each in keys if (each.name or "").startswith(input_.name_query or "")}
    items, position = paged(found, input_.position, input_.limit)
    return UsagePlanKeys(items=items, position=position)
