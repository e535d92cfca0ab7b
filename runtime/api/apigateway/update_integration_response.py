"""UpdateIntegrationResponse: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateIntegrationResponse.html"""

from __future__ import annotations

from runtime.api.apigateway.methods import save_method
from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    HttpMethod,
    Patch,
    ResourceId,
    RestApiId,
    StatusCodeLabel,
    operations,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.patch import patched
from runtime.model.apigateway.patches import (
    INTEGRATION_RESPONSE,
)
from runtime.model.apigateway.put_checks import (
    check_integration_response,
)
from runtime.model.apigateway.structure import (
    integration_of,
    integration_response_of,
    method_of,
    resource_of,
    with_item,
)
from runtime.model.apigateway.values import (
    IntegrationResponse,
    changed,
)
from streamcore.api.aws.service import Call


class UpdateIntegrationResponseInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod
    status_code: StatusCodeLabel
    patch_operations: Patch | None = None


@APIGATEWAY.action(
    "UpdateIntegrationResponse",
    "PATCH",
    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}",
)
async def update_integration_response(
    gateway: Gateway, call: Call, input_: UpdateIntegrationResponseInput
) -> IntegrationResponse:
    """Changes what a status of the integration becomes."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        resource = resource_of(record.content, input_.resource_id)
        method = method_of(resource, input_.http_method)
        integration = integration_of(method)
        found = integration_response_of(integration, input_.status_code)
        made = patched(found, operations(input_.patch_operations), INTEGRATION_RESPONSE)
        check_integration_response(method, made)
        after = changed(
            integration, integration_responses=with_item(integration.integration_responses, made.status_code, made)
        )
        await save_method(gateway, record, resource, changed(method, method_integration=after))
        return made
