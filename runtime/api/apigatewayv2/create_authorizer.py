"""CreateAuthorizer: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape, Refused, refuse_given
from runtime.api.apigatewayv2.authorizers import AuthorizerType, JwtShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, Name, Short, TtlS, Uri, converted
from runtime.gateway.httpapi.imports import check_counts
from runtime.gateway.httpapi.service import HttpGateway
from runtime.gateway.ids import new_id
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.checks import check_authorizer
from runtime.model.httpapi.defaults import FUNCTION_TTL_S
from runtime.model.httpapi.values import HttpAuthorizer, JwtConfiguration
from streamcore.api.aws.service import Call


class CreateAuthorizerInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    authorizer_credentials_arn: str | None = None
    authorizer_payload_format_version: Short | None = None
    authorizer_result_ttl_in_seconds: TtlS | None = None
    authorizer_type: AuthorizerType
    authorizer_uri: Uri | None = None
    enable_simple_responses: bool | None = None
    identity_source: list[str]
    identity_validation_expression: Refused = None
    jwt_configuration: JwtShape | None = None
    name: Name


@APIGATEWAYV2.action("CreateAuthorizer", "POST", "/v2/apis/{apiId}/authorizers", status=201)
async def create_authorizer(gateway: HttpGateway, call: Call, input_: CreateAuthorizerInput) -> HttpAuthorizer:
    """Tokens of an issuer, or a function that says who may call what."""
    refuse_given(input_, "identity_validation_expression")
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        content = record.content
        ttl_s = input_.authorizer_result_ttl_in_seconds
        if ttl_s is None and input_.authorizer_type == "REQUEST":
            ttl_s = FUNCTION_TTL_S if input_.identity_source else 0
        made = HttpAuthorizer(
            authorizer_id=new_id(content.authorizers, 6),
            name=input_.name,
            authorizer_type=input_.authorizer_type.value,
            authorizer_uri=input_.authorizer_uri,
            authorizer_credentials_arn=input_.authorizer_credentials_arn,
            authorizer_payload_format_version=input_.authorizer_payload_format_version,
            authorizer_result_ttl_in_seconds=ttl_s,
            enable_simple_responses=input_.enable_simple_responses,
            identity_source=input_.identity_source,
            jwt_configuration=converted(input_.jwt_configuration, JwtConfiguration),
        )
        check_authorizer(content, made)
        after = changed(content, authorizers=content.authorizers | {made.authorizer_id: made})
        check_counts(after)
        await gateway.apis.save(record, after)
        return made
