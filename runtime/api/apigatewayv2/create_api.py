"""CreateApi: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html"""

from __future__ import annotations

from enum import StrEnum

from runtime.api.apigateway.create_rest_api import AddressType
from runtime.api.apigateway.shapes import ApiShape, Refused, check_tags, refuse_given
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import CorsShape, Description, Name, Short, Texts, Uri, converted
from runtime.api.apigatewayv2.views import told_api
from runtime.errors import ApiGatewayError
from runtime.gateway.httpapi.apis import HttpApiRecord
from runtime.gateway.httpapi.quick import quick_content
from runtime.gateway.httpapi.service import HttpGateway
from runtime.gateway.ids import new_id
from runtime.model.apigateway.values import changed
from runtime.model.cors import Cors
from runtime.model.httpapi.checks import check_cors
from runtime.model.httpapi.defaults import KEY_EXPRESSION, ROUTE_EXPRESSION, new_stage
from runtime.model.httpapi.values import HttpApi, HttpContent
from streamcore.api.aws.service import Call
from streamcore.api.http import Response


class ProtocolType(StrEnum):
    HTTP = "HTTP"
    WEBSOCKET = "WEBSOCKET"


class CreateApiInput(ApiShape, frozen=True, kw_only=True):
    api_key_selection_expression: str | None = None
    cors_configuration: CorsShape | None = None
    credentials_arn: Refused = None
    description: Description | None = None
    disable_execute_api_endpoint: bool = False
    disable_schema_validation: Refused = None
    ip_address_type: AddressType | None = None
    name: Name
    protocol_type: ProtocolType
    route_key: str | None = None
    route_selection_expression: str | None = None
    tags: Texts | None = None
    target: Uri | None = None
    version: Short | None = None


@APIGATEWAYV2.action("CreateApi", "POST", "/v2/apis", status=201)
async def create_api(gateway: HttpGateway, call: Call, input_: CreateApiInput) -> Response:
    """Makes an API; with a target also its route, its integration and the stage $default."""
    refuse_given(input_, "credentials_arn", "disable_schema_validation")
    if input_.protocol_type is ProtocolType.WEBSOCKET:
        raise ApiGatewayError("APIs of the protocol WEBSOCKET are not offered.")
    check_expressions(input_.api_key_selection_expression, input_.route_selection_expression)
    api = changed(
        new_api(gateway, input_.name),
        description=input_.description,
        version=input_.version,
        cors_configuration=check_cors(converted(input_.cors_configuration, Cors)),
        disable_execute_api_endpoint=input_.disable_execute_api_endpoint,
        ip_address_type=input_.ip_address_type or AddressType.IPV4,
        tags=check_tags(input_.tags),
    )
    content, stages = HttpContent(api=api), []
    if input_.target is not None:
        content = quick_content(content, input_.target, input_.route_key)
        stage = new_stage("$default", gateway.apis.now(), auto_deploy=True)
        stages.append(changed(stage, api_gateway_managed=True))
    elif input_.route_key is not None:
        raise ApiGatewayError("A route key needs a target")
    async with gateway.apis.changing:
        record = HttpApiRecord(account=call.scope.account, region=call.scope.region, content=content)
        await gateway.apis.create(record, *stages)
    return told_api(call, api, 201)


def new_api(gateway: HttpGateway, name: str) -> HttpApi:
    """One that nothing is said of yet."""
    return HttpApi(
        api_id=new_id(),
        name=name,
        protocol_type="HTTP",
        created_date=gateway.apis.now(),
        disable_execute_api_endpoint=False,
        api_key_selection_expression=KEY_EXPRESSION,
        route_selection_expression=ROUTE_EXPRESSION,
        ip_address_type="ipv4",
    )


def check_expressions(key: str | None, route: str | None) -> None:
    """HTTP APIs select by method and path alone. Raises ApiGatewayError."""
    if key not in (None, KEY_EXPRESSION):
        raise ApiGatewayError(f"The API key selection expression of an HTTP API is {KEY_EXPRESSION}")
    if route not in (None, ROUTE_EXPRESSION, "${request.method} ${request.path}"):
        raise ApiGatewayError(f"The route selection expression of an HTTP API is {ROUTE_EXPRESSION}")
