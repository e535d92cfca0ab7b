"""GetIntegrationResponse: https://docs.aws.amazon.com/apigateway/latest/api/API_GetIntegrationResponse.html"""

from __future__ import annotations

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
)
from runtime.model.apigateway.values import (
    IntegrationResponse,
)
from streamcore.api.aws.service import Call


class GetIntegrationResponseInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod
    status_code: StatusCodeLabel


@APIGATEWAY.action(
    "GetIntegrationResponse",
    "GET",
    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}",
)
async def get_integration_response(
    gateway: Gateway, call: Call, input_: GetIntegrationResponseInput
) -> IntegrationResponse:
    """What a status of the integration becomes."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)
    return integration_response_of(
        integration_of(method_of(resource_of(record.content, input_.resource_id), input_.http_method)),
        input_.status_code,
    )
