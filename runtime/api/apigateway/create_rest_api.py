"""CreateRestApi: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRestApi.html"""

from __future__ import annotations

from enum import StrEnum

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.roles import check_passes, roles_of
from runtime.api.apigateway.shapes import (
    ApiShape,
    Refused,
    Texts,
    check_tags,
    refuse_given,
)
from runtime.api.apigateway.views import now_s
from runtime.errors import ApiGatewayError
from runtime.gateway.ids import new_id
from runtime.gateway.records import ApiRecord
from runtime.gateway.service import Gateway
from runtime.model.apigateway.put_checks import (
    check_compression,
    check_policy,
)
from runtime.model.apigateway.structure import (
    default_models,
)
from runtime.model.apigateway.values import (
    Content,
    EndpointConfiguration,
    Resource,
    RestApi,
    changed,
)
from streamcore.api.aws.service import Call


class KeySource(StrEnum):
    HEADER = "HEADER"
    AUTHORIZER = "AUTHORIZER"


class EndpointType(StrEnum):
    REGIONAL = "REGIONAL"
    EDGE = "EDGE"
    PRIVATE = "PRIVATE"


class AddressType(StrEnum):
    IPV4 = "ipv4"
    DUALSTACK = "dualstack"


class Endpoints(ApiShape, frozen=True, kw_only=True):
    types: list[EndpointType] | None = None
    ip_address_type: AddressType | None = None
    vpc_endpoint_ids: list[str] | None = None


class CreateRestApiInput(ApiShape, frozen=True, kw_only=True):
    name: str
    description: str | None = None
    version: str | None = None
    clone_from: str | None = None
    binary_media_types: list[str] | None = None
    minimum_compression_size: int | None = None
    api_key_source: KeySource | None = None
    endpoint_configuration: Endpoints | None = None
    policy: str | None = None
    tags: Texts | None = None
    disable_execute_api_endpoint: bool = False
    security_policy: Refused = None
    endpoint_access_mode: Refused = None


@APIGATEWAY.action("CreateRestApi", "POST", "/restapis", status=201)
async def create_rest_api(gateway: Gateway, call: Call, input_: CreateRestApiInput) -> RestApi:
    """Makes an API that has its root resource alone, or all that another one has."""
    refuse_given(input_, "security_policy", "endpoint_access_mode")
    endpoints = input_.endpoint_configuration or Endpoints()
    if endpoints.vpc_endpoint_ids or "PRIVATE" in (endpoints.types or []):
        raise ApiGatewayError("Private APIs are not offered.")
    if not input_.name.strip():
        raise ApiGatewayError("Name cannot be empty")
    check_policy(input_.policy)
    root = Resource(id=new_id(), path="/")
    api = RestApi(
        id=new_id(),
        name=input_.name,
        description=input_.description,
        created_date=now_s(call),
        version=input_.version,
        binary_media_types=input_.binary_media_types,
        minimum_compression_size=check_compression(input_.minimum_compression_size),
        api_key_source=input_.api_key_source or KeySource.HEADER,
        endpoint_configuration=EndpointConfiguration(
            types=[each.value for each in endpoints.types or []] or ["EDGE"],
            ip_address_type=endpoints.ip_address_type or "ipv4",
        ),
        policy=input_.policy,
        tags=check_tags(input_.tags),
        disable_execute_api_endpoint=input_.disable_execute_api_endpoint,
        root_resource_id=root.id,
    )
    async with gateway.apis.changing:
        content = Content(api=api, resources={root.id: root}, models=default_models())
        if input_.clone_from is not None:
            original = gateway.apis.api(call.scope, input_.clone_from).content
            cloned = changed(
                api,
                root_resource_id=original.api.root_resource_id,
                binary_media_types=api.binary_media_types or original.api.binary_media_types,
            )
            content = changed(original, api=cloned)
        check_passes(call, roles_of(content))
        await gateway.apis.create(ApiRecord(account=call.scope.account, region=call.scope.region, content=content))
    return content.api
