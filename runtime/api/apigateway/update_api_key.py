"""UpdateApiKey: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateApiKey.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Patch,
    operations,
)
from runtime.api.apigateway.usage import (
    check_key_value,
)
from runtime.api.apigateway.views import now_s
from runtime.gateway.service import Gateway
from runtime.model.apigateway.patch import patched
from runtime.model.apigateway.patches import (
    API_KEY,
)
from runtime.model.apigateway.values import (
    ApiKey,
    changed,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class UpdateApiKeyInput(ApiShape, frozen=True, kw_only=True):
    api_key: Annotated[str, label("api_Key")]
    patch_operations: Patch | None = None


@APIGATEWAY.action("UpdateApiKey", "PATCH", "/apikeys/{api_Key}")
async def update_api_key(gateway: Gateway, call: Call, input_: UpdateApiKeyInput) -> ApiKey:
    """Changes a key."""
    async with gateway.keys.changing:
        found = gateway.keys.key(call.scope, input_.api_key)
        after = patched(found, operations(input_.patch_operations), API_KEY)
        check_key_value(after.value)
        after = changed(after, last_updated_date=now_s(call))
        await gateway.keys.save_key(call.scope, after)
    return changed(after, value=None)
