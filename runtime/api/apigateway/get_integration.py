"""GetIntegration: https://docs.aws.amazon.com/apigateway/latest/api/API_GetIntegration.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    HttpMethod,
    ResourceId,
    RestApiId,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.structure import (
    integration_of,
    method_of,
    resource_of,
)
from runtime.model.apigateway.values import (
    Integration,
)
from streamcore.api.aws.service import Call


class GetIntegrationInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod


@APIGATEWAY.action(
    "GetIntegration", "GET", "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration"
)
async def get_integration(gateway: Gateway, call: Call, input_: GetIntegrationInput) -> Integration:
    """Where a method leads."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)
    return integration_of(method_of(resource_of(record.content, input_.resource_id), input_.http_method))
