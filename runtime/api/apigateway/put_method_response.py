"""PutMethodResponse: https://docs.aws.amazon.com/apigateway/latest/api/API_PutMethodResponse.html"""

from __future__ import annotations

from runtime.api.apigateway.methods import save_method
from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    HttpMethod,
    ResourceId,
    RestApiId,
    StatusCodeLabel,
    Texts,
)
from runtime.errors import ApiConflictError
from runtime.gateway.service import Gateway
from runtime.model.apigateway.put_checks import (
    check_method_response,
)
from runtime.model.apigateway.structure import (
    method_of,
    resource_of,
    with_item,
)
from runtime.model.apigateway.values import (
    MethodResponse,
    changed,
)
from streamcore.api.aws.service import Call


class PutMethodResponseInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod
    status_code: StatusCodeLabel
    response_parameters: dict[str, bool] | None = None
    response_models: Texts | None = None


@APIGATEWAY.action(
    "PutMethodResponse",
    "PUT",
    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}",
    status=201,
)
async def put_method_response(gateway: Gateway, call: Call, input_: PutMethodResponseInput) -> MethodResponse:
    """Declares a status of a method."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        resource = resource_of(record.content, input_.resource_id)
        method = method_of(resource, input_.http_method)
        if input_.status_code in (method.method_responses or {}):
            raise ApiConflictError("Response already exists for this resource")
        made = MethodResponse(
            status_code=input_.status_code,
            response_parameters=input_.response_parameters or None,
            response_models=input_.response_models or None,
        )
        check_method_response(record.content, made)
        await save_method(
            gateway,
            record,
            resource,
            changed(method, method_responses=with_item(method.method_responses, made.status_code, made)),
        )
        return made
