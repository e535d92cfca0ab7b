"""UpdateIntegration: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateIntegration.html"""

from __future__ import annotations

from runtime.api.apigateway.methods import save_method
from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.roles import check_passes
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
    INTEGRATION,
)
from runtime.model.apigateway.put_checks import (
    check_integration,
)
from runtime.model.apigateway.structure import (
    integration_of,
    method_of,
    resource_of,
)
from runtime.model.apigateway.values import (
    Integration,
    changed,
)
from streamcore.api.aws.service import Call


class UpdateIntegrationInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod
    patch_operations: Patch | None = None


@APIGATEWAY.action(
    "UpdateIntegration", "PATCH", "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration"
)
async def update_integration(gateway: Gateway, call: Call, input_: UpdateIntegrationInput) -> Integration:
    """Changes where a method leads."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        resource = resource_of(record.content, input_.resource_id)
        method = method_of(resource, input_.http_method)
        after = patched(integration_of(method), operations(input_.patch_operations), INTEGRATION)
        check_integration(method, after)
        check_passes(call, [after.credentials])
        await save_method(gateway, record, resource, changed(method, method_integration=after))
        return after
