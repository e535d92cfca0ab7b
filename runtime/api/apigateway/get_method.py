"""GetMethod: https://docs.aws.amazon.com/apigateway/latest/api/API_GetMethod.html"""

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
)
from runtime.model.apigateway.values import (
    Method,
)
from streamcore.api.aws.service import Call


class GetMethodInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod


@APIGATEWAY.action("GetMethod", "GET", "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}")
async def get_method(gateway: Gateway, call: Call, input_: GetMethodInput) -> Method:
    """With its integration and responses."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)
    return method_of(resource_of(record.content, input_.resource_id), input_.http_method)
