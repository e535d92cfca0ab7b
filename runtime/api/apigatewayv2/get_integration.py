"""GetIntegration: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations-integrationid.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, IntegrationId
from runtime.gateway.httpapi.parts import found
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.httpapi.values import HttpIntegration
from streamcore.api.aws.service import Call


class GetIntegrationInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    integration_id: IntegrationId


@APIGATEWAYV2.action("GetIntegration", "GET", "/v2/apis/{apiId}/integrations/{integrationId}")
async def get_integration(gateway: HttpGateway, call: Call, input_: GetIntegrationInput) -> HttpIntegration:
    """An integration by its id."""
    content = gateway.apis.api(call.scope, input_.api_id).content
    return found(content.integrations, input_.integration_id, "Integration")
