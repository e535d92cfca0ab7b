"""PutIntegrationResponse: https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegrationResponse.html"""

from __future__ import annotations

from runtime.api.apigateway.methods import save_method
from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    ContentHandling,
    HttpMethod,
    ResourceId,
    RestApiId,
    StatusCodeLabel,
    Texts,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.put_checks import (
    check_integration_response,
)
from runtime.model.apigateway.structure import (
    integration_of,
    method_of,
    resource_of,
    with_item,
)
from runtime.model.apigateway.values import (
    IntegrationResponse,
    changed,
)
from streamcore.api.aws.service import Call


class PutIntegrationResponseInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod
    status_code: StatusCodeLabel

    selection_pattern: str | None = None
    response_parameters: Texts | None = None
    response_templates: dict[str, str | None] | None = None
    content_handling: ContentHandling | None = None


@APIGATEWAY.action(
    "PutIntegrationResponse",
    "PUT",
    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}",
    status=201,
)
async def put_integration_response(
    gateway: Gateway, call: Call, input_: PutIntegrationResponseInput
) -> IntegrationResponse:
    """Says what a status of the integration becomes."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        resource = resource_of(record.content, input_.resource_id)
        method = method_of(resource, input_.http_method)
        integration = integration_of(method)
        made = IntegrationResponse(
            status_code=input_.status_code,
            selection_pattern=input_.selection_pattern,
            response_parameters=input_.response_parameters or None,
            response_templates=input_.response_templates or None,
            content_handling=None if input_.content_handling is None else input_.content_handling.value,
        )
        check_integration_response(method, made)
        after = changed(
            integration, integration_responses=with_item(integration.integration_responses, made.status_code, made)
        )
        await save_method(gateway, record, resource, changed(method, method_integration=after))
        return made
