"""GetMethodResponse: https://docs.aws.amazon.com/apigateway/latest/api/API_GetMethodResponse.html"""

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
    method_of,
    method_response_of,
    resource_of,
)
from runtime.model.apigateway.values import (
    MethodResponse,
)
from streamcore.api.aws.service import Call


class GetMethodResponseInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod
    status_code: StatusCodeLabel


@APIGATEWAY.action(
    "GetMethodResponse",
    "GET",
    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}",
)
async def get_method_response(gateway: Gateway, call: Call, input_: GetMethodResponseInput) -> MethodResponse:
    """Tells of a declared status."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)
    return method_response_of(
        method_of(resource_of(record.content, input_.resource_id), input_.http_method), input_.status_code
    )
