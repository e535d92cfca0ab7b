"""CreateAuthorizer: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.roles import check_passes
from runtime.api.apigateway.shapes import (
    ApiShape,
    Refused,
    RestApiId,
    refuse_given,
)
from runtime.errors import ApiConflictError, ApiGatewayError
from runtime.gateway.ids import new_id
from runtime.gateway.service import Gateway
from runtime.model.apigateway.put_checks import (
    check_authorizer,
)
from runtime.model.apigateway.values import (
    Authorizer,
    changed,
)
from streamcore.api.aws.service import Call


class AuthorizerType(StrEnum):
    TOKEN = "TOKEN"
    REQUEST = "REQUEST"
    COGNITO_USER_POOLS = "COGNITO_USER_POOLS"
    JWT = "JWT"


class CreateAuthorizerInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId

    name: str
    type: AuthorizerType
    provider_arns: Refused = msgspec.field(default=None, name="providerARNs")
    auth_type: str | None = None
    authorizer_uri: str | None = None
    authorizer_credentials: str | None = None
    identity_source: str | None = None
    identity_validation_expression: str | None = None
    authorizer_result_ttl_in_seconds: int | None = None
    jwt_configuration: Refused = None


@APIGATEWAY.action("CreateAuthorizer", "POST", "/restapis/{restapi_id}/authorizers", status=201)
async def create_authorizer(gateway: Gateway, call: Call, input_: CreateAuthorizerInput) -> Authorizer:
    """A function that says who may call what."""
    refuse_given(input_, "provider_arns", "jwt_configuration")
    if input_.type not in (AuthorizerType.TOKEN, AuthorizerType.REQUEST):
        raise ApiGatewayError(f"Authorizers of type {input_.type.value} are not offered.")
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        content = record.content
        if any(each.name == input_.name for each in content.authorizers.values()):
            raise ApiConflictError(
                f"Authorizer name must be unique. Authorizer {input_.name} already exists in this RestApi."
            )
        made = Authorizer(
            id=new_id(content.authorizers, 6),
            name=input_.name,
            type=input_.type.value,
            auth_type=input_.auth_type or "custom",
            authorizer_uri=input_.authorizer_uri or "",
            authorizer_credentials=input_.authorizer_credentials,
            identity_source=input_.identity_source,
            identity_validation_expression=input_.identity_validation_expression,
            authorizer_result_ttl_in_seconds=300
            if input_.authorizer_result_ttl_in_seconds is None
            else input_.authorizer_result_ttl_in_seconds,
        )
        check_authorizer(made)
        check_passes(call, [made.authorizer_credentials])
        await gateway.apis.save(record, changed(content, authorizers=content.authorizers | {made.id: made}))
        return made
