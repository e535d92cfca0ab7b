"""DeleteIntegration: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteIntegration.html"""

from __future__ import annotations

from runtime.api.apigateway.methods import save_method
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
    changed,
)
from streamcore.api.aws.service import Call


class DeleteIntegrationInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod


@APIGATEWAY.action(
    "DeleteIntegration",
    "DELETE",
    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration",
    status=204,
)
async def delete_integration(gateway: Gateway, call: Call, input_: DeleteIntegrationInput) -> None:
    """With its responses."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        resource = resource_of(record.content, input_.resource_id)
        method = method_of(resource, input_.http_method)
        integration_of(method)
        await save_method(gateway, record, resource, changed(method, method_integration=None))
