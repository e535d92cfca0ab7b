"""DeleteUsagePlanKey: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteUsagePlanKey.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
)
from runtime.api.apigateway.usage import (
    check_in_plan,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    changed,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class DeleteUsagePlanKeyInput(ApiShape, frozen=True, kw_only=True):
    usage_plan_id: Annotated[str, label("usageplanId")]
    key_id: Annotated[str, label("keyId")]


@APIGATEWAY.action("DeleteUsagePlanKey", "DELETE", "/usageplans/{usageplanId}/keys/{keyId}", status=202)
async def delete_usage_plan_key(gateway: Gateway, call: Call, input_: DeleteUsagePlanKeyInput) -> None:
    """Takes a key from a plan."""
    async with gateway.keys.changing:
        record = gateway.keys.plan(call.scope, input_.usage_plan_id)
        check_in_plan(record, input_.key_id)
        await gateway.keys.save_plan(changed(record, keys=[each for each in record.keys if each != input_.key_id]))
