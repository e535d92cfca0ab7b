"""PutIntegration: https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html"""

from __future__ import annotations

from enum import StrEnum

from runtime.api.apigateway.methods import save_method
from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.roles import check_passes
from runtime.api.apigateway.shapes import (
    ApiShape,
    ContentHandling,
    HttpMethod,
    Refused,
    ResourceId,
    RestApiId,
    Texts,
    refuse_given,
)
from runtime.errors import ApiGatewayError
from runtime.gateway.service import Gateway
from runtime.model.apigateway.put_checks import (
    TIMEOUT_MAX_MS,
    check_integration,
)
from runtime.model.apigateway.structure import (
    method_of,
    resource_of,
)
from runtime.model.apigateway.values import (
    Integration,
    changed,
)
from streamcore.api.aws.service import Call


class IntegrationType(StrEnum):
    HTTP = "HTTP"
    AWS = "AWS"
    MOCK = "MOCK"
    HTTP_PROXY = "HTTP_PROXY"
    AWS_PROXY = "AWS_PROXY"


class ConnectionType(StrEnum):
    INTERNET = "INTERNET"
    VPC_LINK = "VPC_LINK"


class PutIntegrationInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId

    resource_id: ResourceId
    method_name: HttpMethod
    type: IntegrationType
    http_method: str | None = None
    uri: str | None = None
    connection_type: ConnectionType | None = None
    connection_id: Refused = None
    credentials: str | None = None
    request_parameters: Texts | None = None
    request_templates: dict[str, str | None] | None = None
    passthrough_behavior: str | None = None
    cache_namespace: str | None = None
    cache_key_parameters: Refused = None
    content_handling: ContentHandling | None = None
    timeout_in_millis: int | None = None
    tls_config: Refused = None
    response_transfer_mode: Refused = None
    integration_target: Refused = None


@APIGATEWAY.action(
    "PutIntegration",
    "PUT",
    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration",
    status=201,
)
async def put_integration(gateway: Gateway, call: Call, input_: PutIntegrationInput) -> Integration:
    """Says where a method leads; its integration responses are made anew."""
    refuse_given(input_, "connection_id", "tls_config", "response_transfer_mode", "integration_target")
    if input_.cache_key_parameters or input_.connection_type is ConnectionType.VPC_LINK:
        raise ApiGatewayError("cacheKeyParameters and connectionType VPC_LINK are not offered.")
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        resource = resource_of(record.content, input_.resource_id)
        method = method_of(resource, input_.method_name)
        made = Integration(
            type=input_.type.value,
            http_method=input_.http_method,
            uri=input_.uri,
            connection_type=None if input_.connection_type is None else input_.connection_type.value,
            credentials=input_.credentials,
            request_parameters=input_.request_parameters or None,
            request_templates=input_.request_templates or None,
            passthrough_behavior=input_.passthrough_behavior or "WHEN_NO_MATCH",
            content_handling=None if input_.content_handling is None else input_.content_handling.value,
            timeout_in_millis=TIMEOUT_MAX_MS if input_.timeout_in_millis is None else input_.timeout_in_millis,
            cache_namespace=input_.cache_namespace or resource.id,
            cache_key_parameters=[],
        )
        check_integration(method, made)
        check_passes(call, [made.credentials])
        await save_method(gateway, record, resource, changed(method, method_integration=made))
        return made
