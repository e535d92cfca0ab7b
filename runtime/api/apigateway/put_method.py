"""PutMethod: https://docs.aws.amazon.com/apigateway/latest/api/API_PutMethod.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    HttpMethod,
    Refused,
    ResourceId,
    RestApiId,
    Texts,
    refuse_given,
)
from runtime.errors import ApiConflictError
from runtime.gateway.service import Gateway
from runtime.model.apigateway.put_checks import (
    check_method,
)
from runtime.model.apigateway.structure import (
    resource_of,
    with_method,
)
from runtime.model.apigateway.values import (
    Method,
)
from streamcore.api.aws.service import Call


class PutMethodInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    http_method: HttpMethod

    authorization_type: str
    authorizer_id: str | None = None
    api_key_required: bool = False
    operation_name: str | None = None
    request_parameters: dict[str, bool] | None = None
    request_models: Texts | None = None
    request_validator_id: str | None = None
    authorization_scopes: Refused = None


@APIGATEWAY.action(
    "PutMethod", "PUT", "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}", status=201
)
async def put_method(gateway: Gateway, call: Call, input_: PutMethodInput) -> Method:
    """Adds a method to a resource."""
    refuse_given(input_, "authorization_scopes")
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        resource = resource_of(record.content, input_.resource_id)
        if input_.http_method in (resource.resource_methods or {}):
            raise ApiConflictError("Method already exists for this resource")
        made = Method(
            http_method=input_.http_method,
            authorization_type=input_.authorization_type,
            authorizer_id=input_.authorizer_id,
            api_key_required=input_.api_key_required,
            request_validator_id=input_.request_validator_id,
            operation_name=input_.operation_name,
            request_parameters=input_.request_parameters or None,
            request_models=input_.request_models or None,
        )
        check_method(record.content, made)
        await gateway.apis.save(record, with_method(record.content, resource, made.http_method, made))
        return made
