"""DeleteApiKey: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteApiKey.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
)
from runtime.gateway.service import Gateway
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class DeleteApiKeyInput(ApiShape, frozen=True, kw_only=True):
    api_key: Annotated[str, label("api_Key")]


@APIGATEWAY.action("DeleteApiKey", "DELETE", "/apikeys/{api_Key}", status=202)
async def delete_api_key(gateway: Gateway, call: Call, input_: DeleteApiKeyInput) -> None:
    """It is good nowhere any more."""
    async with gateway.keys.changing:
        await gateway.keys.delete_key(gateway.keys.key(call.scope, input_.api_key))
