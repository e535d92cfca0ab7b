"""DeleteMethod: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteMethod.html"""

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
    method_of,
    resource_of,
    with_method,
)
from streamcore.api.aws.service import Call


class DeleteMethodInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod


@APIGATEWAY.action(
    "DeleteMethod", "DELETE", "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}", status=204
)
async def delete_method(gateway: Gateway, call: Call, input_: DeleteMethodInput) -> None:
    """With its integration and responses."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        resource = resource_of(record.content, input_.resource_id)
        method_of(resource, input_.http_method)
        await gateway.apis.save(record, with_method(record.content, resource, input_.http_method, None))
