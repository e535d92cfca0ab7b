"""GetAccount: https://docs.aws.amazon.com/apigateway/latest/api/API_GetAccount.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    Account,
)
from streamcore.api.aws.service import Call


class GetAccountInput(ApiShape, frozen=True, kw_only=True):
    """Nothing."""


@APIGATEWAY.action("GetAccount", "GET", "/account")
async def get_account(gateway: Gateway, call: Call, input_: GetAccountInput) -> Account:
    """What the account is limited to."""
    return gateway.account(call.scope)
