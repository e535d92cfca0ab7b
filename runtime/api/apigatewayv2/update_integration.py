"""UpdateIntegration: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations-integrationid.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.shapes import ApiShape, Refused
from runtime.api.apigatewayv2.integrations import ConnectionType, IntegrationType, refuse_foreign
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, Description, IntegrationId, Short, Texts, TimeoutMs, Uri, given
from runtime.gateway.httpapi.parts import found, merged_parameters
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.checks import check_integration
from runtime.model.httpapi.values import HttpIntegration
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text


class UpdateIntegrationInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    integration_id: IntegrationId
    connection_id: Refused = None
    connection_type: ConnectionType | None = None
    content_handling_strategy: Refused = None
    credentials_arn: str | None = None
    description: Description | None = None
    integration_method: Short | None = None
    integration_subtype: Annotated[str, text(1, 128)] | None = None
    integration_type: IntegrationType | None = None
    integration_uri: Uri | None = None
    passthrough_behavior: Refused = None
    payload_format_version: Short | None = None
    request_parameters: Texts | None = None
    request_templates: Refused = None
    response_parameters: dict[str, Texts] | None = None
    template_selection_expression: Refused = None
    timeout_in_millis: TimeoutMs | None = None
    tls_config: Refused = None


@APIGATEWAYV2.action("UpdateIntegration", "PATCH", "/v2/apis/{apiId}/integrations/{integrationId}")
async def update_integration(gateway: HttpGateway, call: Call, input_: UpdateIntegrationInput) -> HttpIntegration:
    """The members that are given. Of parameters those that are named; an empty text takes one away."""
    refuse_foreign(input_)
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        content = record.content
        before = found(content.integrations, input_.integration_id, "Integration")
        after = changed(
            before,
            **given(input_, *_MEMBERS),
            request_parameters=merged_parameters(before.request_parameters, input_.request_parameters),
            response_parameters=_responses(before, input_.response_parameters),
        )
        check_integration(after)
        integrations = content.integrations | {after.integration_id: after}
        await gateway.apis.save(record, changed(content, integrations=integrations))
        return after


_MEMBERS = (
    "credentials_arn",
    "description",
    "integration_method",
    "integration_subtype",
    "integration_type",
    "integration_uri",
    "payload_format_version",
    "timeout_in_millis",
)


def _responses(before: HttpIntegration, said: dict[str, Texts] | None) -> dict[str, Texts] | None:
    if said is None:
        return before.response_parameters
    merged = {**(before.response_parameters or {}), **said}
    return {status: each for status, each in merged.items() if each} or None
