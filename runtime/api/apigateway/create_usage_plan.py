"""CreateUsagePlan: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateUsagePlan.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Texts,
    check_tags,
)
from runtime.api.apigateway.usage import (
    ApiStageInput,
    Quota,
    Throttle,
    check_plan,
)
from runtime.gateway.ids import new_id
from runtime.gateway.records import PlanRecord
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    UsagePlan,
)
from streamcore.api.aws.service import Call


class CreateUsagePlanInput(ApiShape, frozen=True, kw_only=True):
    name: str
    description: str | None = None
    api_stages: list[ApiStageInput] | None = None
    throttle: Throttle | None = None
    quota: Quota | None = None
    tags: Texts | None = None


@APIGATEWAY.action("CreateUsagePlan", "POST", "/usageplans", status=201)
async def create_usage_plan(gateway: Gateway, call: Call, input_: CreateUsagePlanInput) -> UsagePlan:
    """How fast and how often its keys may call its stages."""
    made = UsagePlan(
        id=new_id(length=6),
        name=input_.name,
        description=input_.description,
        api_stages=[each.value() for each in input_.api_stages or []],
        throttle=None if input_.throttle is None else input_.throttle.value(),
        quota=None if input_.quota is None else input_.quota.value(),
        tags=check_tags(input_.tags),
    )
    check_plan(gateway, call.scope, made)
    async with gateway.keys.changing:
        record = PlanRecord(account=call.scope.account, region=call.scope.region, plan=made, keys=[])
        await gateway.keys.save_plan(record)
    return made
