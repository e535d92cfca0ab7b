"""DeleteAuthorizer: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers-authorizerid.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, AuthorizerId
from runtime.gateway.httpapi.parts import found, without
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.checks import check_unused
from streamcore.api.aws.service import Call


class DeleteAuthorizerInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    authorizer_id: AuthorizerId


@APIGATEWAYV2.action("DeleteAuthorizer", "DELETE", "/v2/apis/{apiId}/authorizers/{authorizerId}", status=204)
async def delete_authorizer(gateway: HttpGateway, call: Call, input_: DeleteAuthorizerInput) -> None:
    """One that no route needs."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        found(record.content.authorizers, input_.authorizer_id, "Authorizer")
        check_unused(record.content, authorizer=input_.authorizer_id)
        left = without(record.content.authorizers, input_.authorizer_id)
        await gateway.apis.save(record, changed(record.content, authorizers=left))
