"""UpdateRestApi: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateRestApi.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Patch,
    RestApiId,
    operations,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.patch import patched
from runtime.model.apigateway.patches import (
    API,
)
from runtime.model.apigateway.put_checks import check_api
from runtime.model.apigateway.values import (
    RestApi,
    changed,
)
from streamcore.api.aws.service import Call


class UpdateRestApiInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    patch_operations: Patch | None = None


@APIGATEWAY.action("UpdateRestApi", "PATCH", "/restapis/{restapi_id}")
async def update_rest_api(gateway: Gateway, call: Call, input_: UpdateRestApiInput) -> RestApi:
    """Changes an API; stages show nothing of it before the next deployment, but for its name."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        api = patched(record.content.api, operations(input_.patch_operations), API)
        check_api(api)
        await gateway.apis.save(record, changed(record.content, api=api))
        return api
