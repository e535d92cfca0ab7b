"""UpdateAuthorizer: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers-authorizerid.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape, Refused, refuse_given
from runtime.api.apigatewayv2.authorizers import AuthorizerType, JwtShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, AuthorizerId, Name, Short, TtlS, Uri, converted, given
from runtime.errors import ApiGatewayError
from runtime.gateway.httpapi.parts import found
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.checks import check_authorizer
from runtime.model.httpapi.values import HttpAuthorizer, JwtConfiguration
from streamcore.api.aws.service import Call


class UpdateAuthorizerInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    authorizer_id: AuthorizerId
    authorizer_credentials_arn: str | None = None
    authorizer_payload_format_version: Short | None = None
    authorizer_result_ttl_in_seconds: TtlS | None = None
    authorizer_type: AuthorizerType | None = None
    authorizer_uri: Uri | None = None
    enable_simple_responses: bool | None = None
    identity_source: list[str] | None = None
    identity_validation_expression: Refused = None
    jwt_configuration: JwtShape | None = None
    name: Name | None = None


@APIGATEWAYV2.action("UpdateAuthorizer", "PATCH", "/v2/apis/{apiId}/authorizers/{authorizerId}")
async def update_authorizer(gateway: HttpGateway, call: Call, input_: UpdateAuthorizerInput) -> HttpAuthorizer:
    """The members that are given."""
    refuse_given(input_, "identity_validation_expression")
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        content = record.content
        before = found(content.authorizers, input_.authorizer_id, "Authorizer")
        if input_.authorizer_type not in (None, before.authorizer_type):
            raise ApiGatewayError("The type of an authorizer cannot be changed")
        after = changed(before, **given(input_, *_MEMBERS))
        if input_.jwt_configuration is not None:
            after = changed(after, jwt_configuration=converted(input_.jwt_configuration, JwtConfiguration))
        check_authorizer(content, after)
        authorizers = content.authorizers | {after.authorizer_id: after}
        await gateway.apis.save(record, changed(content, authorizers=authorizers))
        return after


_MEMBERS = (
    "authorizer_credentials_arn",
    "authorizer_payload_format_version",
    "authorizer_result_ttl_in_seconds",
    "authorizer_uri",
    "enable_simple_responses",
    "identity_source",
    "name",
)
