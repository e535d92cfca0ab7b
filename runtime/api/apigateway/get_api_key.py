"""GetApiKey: https://docs.aws.amazon.com/apigateway/latest/api/API_GetApiKey.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    ApiKey,
    changed,
)
from streamcore.api.aws.binding import label, query
from streamcore.api.aws.service import Call


class GetApiKeyInput(ApiShape, frozen=True, kw_only=True):
    api_key: Annotated[str, label("api_Key")]
    include_value: Annotated[bool, query("includeValue")] = False


@APIGATEWAY.action("GetApiKey", "GET", "/apikeys/{api_Key}")
async def get_api_key(gateway: Gateway, call: Call, input_: GetApiKeyInput) -> ApiKey:
    """Tells of a key; its value when asked for."""
    found = gateway.keys.key(call.scope, input_.api_key)
    return found if input_.include_value else changed(found, value=None)
