"""UpdateAccount: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateAccount.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Patch,
    operations,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.patch import patched
from runtime.model.apigateway.patches import (
    ACCOUNT,
)
from runtime.model.apigateway.values import (
    Account,
)
from streamcore.api.aws.service import Call


class UpdateAccountInput(ApiShape, frozen=True, kw_only=True):
    patch_operations: Patch | None = None


@APIGATEWAY.action("UpdateAccount", "PATCH", "/account")
async def update_account(gateway: Gateway, call: Call, input_: UpdateAccountInput) -> Account:
    """Changes the role for logs, which is stored."""
    async with gateway.apis.changing:
        after = patched(gateway.account(call.scope), operations(input_.patch_operations), ACCOUNT)
        await gateway.save_account(call.scope, after)
    return after
