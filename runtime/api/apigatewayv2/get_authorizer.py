"""GetAuthorizer: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers-authorizerid.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, AuthorizerId
from runtime.gateway.httpapi.parts import found
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.httpapi.values import HttpAuthorizer
from streamcore.api.aws.service import Call


class GetAuthorizerInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    authorizer_id: AuthorizerId


@APIGATEWAYV2.action("GetAuthorizer", "GET", "/v2/apis/{apiId}/authorizers/{authorizerId}")
async def get_authorizer(gateway: HttpGateway, call: Call, input_: GetAuthorizerInput) -> HttpAuthorizer:
    """An authorizer by its id."""
    content = gateway.apis.api(call.scope, input_.api_id).content
    return found(content.authorizers, input_.authorizer_id, "Authorizer")
