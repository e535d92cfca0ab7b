"""The request that the examples of HTTP APIs are made of: that of AWS's sample, as it would come in here."""

from __future__ import annotations

from typing import Final, NamedTuple

from runtime.model.apigateway.context import Caller
from runtime.model.apigateway.proxy_event import Arrived
from runtime.model.httpapi.context import context_of
from runtime.model.httpapi.exchange import HttpExchange, Passed
from runtime.model.httpapi.mapping import Mapped
from runtime.model.httpapi.route_key import DEFAULT
from runtime.model.httpapi.served import ServedHttpStage, ServedRoute
from runtime.model.httpapi.values import HttpApi, HttpContent, HttpRoute, HttpStage, RouteSettings

API_ID: Final = "abcdefghij"
ROUTE_ARN: Final = f"arn:aws:execute-api:us-east-1:123456789012:{API_ID}/{DEFAULT}/POST/path/to/resource"
_HOST: Final = f"{API_ID}.execute-api.us-east-1.localhost"
_AT_MS: Final = 1_583_348_638_390
_QUERY: Final = [("parameter1", "value1"), ("parameter1", "value2"), ("parameter2", "value")]
_HEADERS: Final = [
    ("Header1", "value1"),
    ("Header2", "value1"),
    ("Header2", "value2"),
    ("Cookie", "cookie1; cookie2"),
    ("Authorization", "incoming-client-token"),
    ("Content-Type", "application/octet-stream"),
    ("Host", f"{_HOST}:4566"),
    ("User-Agent", "agent"),
]
_JWT: Final = {"claims": {"claim1": "value1", "claim2": "value2"}, "scopes": ["scope1", "scope2"]}


class Asked(NamedTuple):
    """What the builders of HTTP APIs take."""

    served: ServedHttpStage
    route: ServedRoute
    exchange: HttpExchange
    mapped: Mapped


def asked(*, is_passed: bool) -> Asked:
    """A request whose route is known. `is_passed`: a JWT authorizer has let it through."""
    served = _served()
    request = Arrived(method="POST", path="/path/to/resource", query=_QUERY, headers=_HEADERS, body=b'{"test":"body"}')
    caller = Caller(host=_HOST, source_ip="127.0.0.1")
    context = context_of(served, request, caller, request_id="MTIzNDU2Nzg5MDE=", now_ms=_AT_MS)
    context["routeKey"] = DEFAULT
    query_string = "&".join(f"{name}={value}" for name, value in _QUERY)
    exchange = HttpExchange(request, context, served.variables, query_string)
    exchange.path_parameters = {"parameter1": "value1"}
    if is_passed:
        exchange.passed = Passed(v1=_JWT, v2={"jwt": _JWT})
    route = HttpRoute(route_id="abc123", route_key=DEFAULT, api_key_required=False, authorization_type="NONE")
    return Asked(served, ServedRoute(route, "", None, None), exchange, Mapped(headers=_HEADERS, query=_QUERY))


def _served() -> ServedHttpStage:
    api = HttpApi(
        api_id=API_ID,
        name="example",
        protocol_type="HTTP",
        created_date="1970-01-01T00:00:00Z",
        disable_execute_api_endpoint=False,
        api_key_selection_expression="$request.header.x-api-key",
        route_selection_expression="$request.method $request.path",
        ip_address_type="ipv4",
    )
    stage = HttpStage(
        stage_name=DEFAULT,
        auto_deploy=True,
        created_date="1970-01-01T00:00:00Z",
        last_updated_date="1970-01-01T00:00:00Z",
        default_route_settings=RouteSettings(),
        route_settings={},
        stage_variables={"stageVariable1": "value1", "stageVariable2": "value2"},
    )
    return ServedHttpStage("123456789012", "us-east-1", HttpContent(api=api), stage)
