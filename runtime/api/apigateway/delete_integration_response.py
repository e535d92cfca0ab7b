"""DeleteIntegrationResponse: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteIntegrationResponse.html"""

from __future__ import annotations

from runtime.api.apigateway.methods import save_method
from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    HttpMethod,
    ResourceId,
    RestApiId,
    StatusCodeLabel,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.structure import (
    integration_of,
    integration_response_of,
    method_of,
    resource_of,
    with_item,
)
from runtime.model.apigateway.values import (
    changed,
)
from streamcore.api.aws.service import Call


class DeleteIntegrationResponseInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod
    status_code: StatusCodeLabel


@APIGATEWAY.action(
    "DeleteIntegrationResponse",
    "DELETE",
    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}",
    status=204,
)
async def delete_integration_response(gateway: Gateway, call: Call, input_: DeleteIntegrationResponseInput) -> None:
    """Forgets what a status becomes."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        resource = resource_of(record.content, input_.resource_id)
        method = method_of(resource, input_.http_method)
        integration = integration_of(method)
        integration_response_of(integration, input_.status_code)
        after = changed(
            integration, integration_responses=with_item(integration.integration_responses, input_.status_code, None)
        )
        await save_method(gateway, record, resource, changed(method, method_integration=after))
