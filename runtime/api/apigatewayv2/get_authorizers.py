"""GetAuthorizers: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, Listed, MaxResults, NextToken, results
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.httpapi.values import HttpAuthorizer
from streamcore.api.aws.service import Call


class GetAuthorizersInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    max_results: MaxResults | None = None
    next_token: NextToken | None = None


class Authorizers(Listed, frozen=True, kw_only=True):
    items: list[HttpAuthorizer]


@APIGATEWAYV2.action("GetAuthorizers", "GET", "/v2/apis/{apiId}/authorizers")
async def get_authorizers(gateway: HttpGateway, call: Call, input_: GetAuthorizersInput) -> Authorizers:
    """In the order of their ids."""
    content = gateway.apis.api(call.scope, input_.api_id).content
    items, next_token = results(content.authorizers, input_.max_results, input_.next_token)
    return Authorizers(items=items, next_token=next_token)
