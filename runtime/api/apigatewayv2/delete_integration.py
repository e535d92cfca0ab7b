"""DeleteIntegration: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations-integrationid.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, IntegrationId
from runtime.gateway.httpapi.parts import found, without
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.checks import check_unused
from streamcore.api.aws.service import Call


class DeleteIntegrationInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    integration_id: IntegrationId


@APIGATEWAYV2.action("DeleteIntegration", "DELETE", "/v2/apis/{apiId}/integrations/{integrationId}", status=204)
async def delete_integration(gateway: HttpGateway, call: Call, input_: DeleteIntegrationInput) -> None:
    """One that no route leads to."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        found(record.content.integrations, input_.integration_id, "Integration")
        check_unused(record.content, integration=input_.integration_id)
        left = without(record.content.integrations, input_.integration_id)
        await gateway.apis.save(record, changed(record.content, integrations=left))
