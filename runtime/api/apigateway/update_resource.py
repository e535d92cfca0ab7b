"""UpdateResource: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateResource.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Patch,
    ResourceId,
    RestApiId,
    operations,
)
from runtime.errors import ApiGatewayError
from runtime.gateway.service import Gateway
from runtime.model.apigateway.patch import patched
from runtime.model.apigateway.patches import (
    RESOURCE,
)
from runtime.model.apigateway.structure import (
    moved,
    resource_of,
)
from runtime.model.apigateway.values import (
    Resource,
)
from streamcore.api.aws.service import Call


class UpdateResourceInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    patch_operations: Patch | None = None


@APIGATEWAY.action("UpdateResource", "PATCH", "/restapis/{restapi_id}/resources/{resource_id}")
async def update_resource(gateway: Gateway, call: Call, input_: UpdateResourceInput) -> Resource:
    """Renames or moves a resource, with all below it."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        content = record.content
        found = resource_of(content, input_.resource_id)
        if found.parent_id is None and input_.patch_operations:
            raise ApiGatewayError("Root resource cannot be updated.")
        after = patched(found, operations(input_.patch_operations), RESOURCE)
        content = moved(content, found, after)
        await gateway.apis.save(record, content)
        return content.resources[found.id]
