"""CreateIntegration: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.shapes import ApiShape, Refused
from runtime.api.apigatewayv2.integrations import ConnectionType, IntegrationType, refuse_foreign
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, Description, Short, Texts, TimeoutMs, Uri
from runtime.errors import ApiGatewayError
from runtime.gateway.httpapi.imports import check_counts
from runtime.gateway.httpapi.service import HttpGateway
from runtime.gateway.ids import new_id
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.checks import TIMEOUT_MAX_MS, check_integration
from runtime.model.httpapi.values import HttpIntegration
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text


class CreateIntegrationInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    connection_id: Refused = None
    connection_type: ConnectionType | None = None
    content_handling_strategy: Refused = None
    credentials_arn: str | None = None
    description: Description | None = None
    integration_method: Short | None = None
    integration_subtype: Annotated[str, text(1, 128)] | None = None
    integration_type: IntegrationType
    integration_uri: Uri | None = None
    passthrough_behavior: Refused = None
    payload_format_version: Short | None = None
    request_parameters: Texts | None = None
    request_templates: Refused = None
    response_parameters: dict[str, Texts] | None = None
    template_selection_expression: Refused = None
    timeout_in_millis: TimeoutMs | None = None
    tls_config: Refused = None


@APIGATEWAYV2.action("CreateIntegration", "POST", "/v2/apis/{apiId}/integrations", status=201)
async def create_integration(gateway: HttpGateway, call: Call, input_: CreateIntegrationInput) -> HttpIntegration:
    """Where requests may be led to."""
    refuse_foreign(input_)
    if input_.payload_format_version is None:
        raise ApiGatewayError("PayloadFormatVersion is a required parameter for integration")
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        content = record.content
        is_function = input_.integration_type == "AWS_PROXY" and input_.integration_subtype is None
        made = HttpIntegration(
            integration_id=new_id(content.integrations, 7),
            integration_type=input_.integration_type.value,
            integration_subtype=input_.integration_subtype,
            integration_method=input_.integration_method or ("POST" if is_function else None),
            integration_uri=input_.integration_uri,
            connection_type="INTERNET",
            credentials_arn=input_.credentials_arn,
            description=input_.description,
            payload_format_version=input_.payload_format_version,
            request_parameters=input_.request_parameters or None,
            response_parameters=input_.response_parameters or None,
            timeout_in_millis=input_.timeout_in_millis or TIMEOUT_MAX_MS,
        )
        check_integration(made)
        after = changed(content, integrations=content.integrations | {made.integration_id: made})
        check_counts(after)
        await gateway.apis.save(record, after)
        return made
