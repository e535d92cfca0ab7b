"""UpdateMethodResponse: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateMethodResponse.html"""

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
    METHOD_RESPONSE,
)
from runtime.model.apigateway.put_checks import (
    check_method_response,
)
from runtime.model.apigateway.structure import (
    method_of,
    method_response_of,
    resource_of,
    with_item,
)
from runtime.model.apigateway.values import (
    MethodResponse,
    changed,
)
from streamcore.api.aws.service import Call


class UpdateMethodResponseInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod
    status_code: StatusCodeLabel
    patch_operations: Patch | None = None


@APIGATEWAY.action(
    "UpdateMethodResponse",
    "PATCH",
    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}",
    status=201,
)
async def update_method_response(gateway: Gateway, call: Call, input_: UpdateMethodResponseInput) -> MethodResponse:
    """Changes what a status declares."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        resource = resource_of(record.content, input_.resource_id)
        method = method_of(resource, input_.http_method)
        found = method_response_of(method, input_.status_code)
        after = patched(found, operations(input_.patch_operations), METHOD_RESPONSE)
        check_method_response(record.content, after)
        await save_method(
            gateway,
            record,
            resource,
            changed(method, method_responses=with_item(method.method_responses, after.status_code, after)),
        )
        return after
