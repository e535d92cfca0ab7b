"""DeleteMethodResponse: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteMethodResponse.html"""

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
    method_of,
    method_response_of,
    resource_of,
    with_item,
)
from runtime.model.apigateway.values import (
    changed,
)
from streamcore.api.aws.service import Call


class DeleteMethodResponseInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod
    status_code: StatusCodeLabel


@APIGATEWAY.action(
    "DeleteMethodResponse",
    "DELETE",
    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}",
    status=204,
)
async def delete_method_response(gateway: Gateway, call: Call, input_: DeleteMethodResponseInput) -> None:
    """Takes a status from a method."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        resource = resource_of(record.content, input_.resource_id)
        method = method_of(resource, input_.http_method)
        method_response_of(method, input_.status_code)
        await save_method(
            gateway,
            record,
            resource,
            changed(method, method_responses=with_item(method.method_responses, input_.status_code, None)),
        )
