"""UpdateMethod: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateMethod.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    HttpMethod,
    Patch,
    ResourceId,
    RestApiId,
    operations,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.patch import patched
from runtime.model.apigateway.patches import (
    METHOD,
)
from runtime.model.apigateway.put_checks import (
    check_method,
)
from runtime.model.apigateway.structure import (
    method_of,
    resource_of,
    with_method,
)
from runtime.model.apigateway.values import (
    Method,
)
from streamcore.api.aws.service import Call


class UpdateMethodInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod
    patch_operations: Patch | None = None


@APIGATEWAY.action("UpdateMethod", "PATCH", "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}")
async def update_method(gateway: Gateway, call: Call, input_: UpdateMethodInput) -> Method:
    """Changes a method."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        resource = resource_of(record.content, input_.resource_id)
        method = method_of(resource, input_.http_method)
        after = patched(method, operations(input_.patch_operations), METHOD)
        check_method(record.content, after)
        await gateway.apis.save(record, with_method(record.content, resource, input_.http_method, after))
        return after
