"""UpdateApi: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html"""

from __future__ import annotations

from runtime.api.apigateway.create_rest_api import AddressType
from runtime.api.apigateway.shapes import ApiShape, Refused, refuse_given
from runtime.api.apigatewayv2.create_api import check_expressions
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, CorsShape, Description, Name, Short, Uri, converted, given
from runtime.api.apigatewayv2.views import told_api
from runtime.gateway.httpapi.quick import quick_update
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from runtime.model.cors import Cors
from runtime.model.httpapi.checks import check_cors
from streamcore.api.aws.service import Call
from streamcore.api.http import Response


class UpdateApiInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    api_key_selection_expression: str | None = None
    cors_configuration: CorsShape | None = None
    credentials_arn: Refused = None
    description: Description | None = None
    disable_execute_api_endpoint: bool | None = None
    disable_schema_validation: Refused = None
    ip_address_type: AddressType | None = None
    name: Name | None = None
    route_key: str | None = None
    route_selection_expression: str | None = None
    target: Uri | None = None
    version: Short | None = None


@APIGATEWAYV2.action("UpdateApi", "PATCH", "/v2/apis/{apiId}")
async def update_api(gateway: HttpGateway, call: Call, input_: UpdateApiInput) -> Response:
    """The members that are given; target and route key are those of an API that was made with a target."""
    refuse_given(input_, "credentials_arn", "disable_schema_validation")
    check_expressions(input_.api_key_selection_expression, input_.route_selection_expression)
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.api_id)
        api = changed(record.content.api, **given(input_, *_MEMBERS))
        if input_.cors_configuration is not None:
            api = changed(api, cors_configuration=check_cors(converted(input_.cors_configuration, Cors)))
        content = quick_update(changed(record.content, api=api), input_.target, input_.route_key)
        await gateway.apis.save(record, content)
    return told_api(call, api)


_MEMBERS = ("description", "disable_execute_api_endpoint", "ip_address_type", "name", "version")
