"""The request that the examples of REST APIs are made of: that of AWS's sample, as it would come in here."""

from __future__ import annotations

from typing import Final

from runtime.model.apigateway.context import Caller, context_of, enter
from runtime.model.apigateway.exchange import Exchange
from runtime.model.apigateway.proxy_event import Arrived
from runtime.model.apigateway.served import ServedStage
from runtime.model.apigateway.values import Content, EndpointConfiguration, Resource, RestApi, Stage

API_ID: Final = "1234567890"
STAGE: Final = "prod"
BINARY_TYPES: Final = ["application/octet-stream"]
RESOURCE: Final = Resource(id="123456", path="/{proxy+}")
_AT_MS: Final = 1_428_582_896_000
_HEADERS: Final = [
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"),
    ("Accept-Encoding", "gzip, deflate, sdch"),
    ("Accept-Language", "en-US,en;q=0.8"),
    ("Cache-Control", "max-age=0"),
    ("Content-Type", "application/octet-stream"),
    ("Host", f"{API_ID}.execute-api.us-east-1.localhost:4566"),
    ("Upgrade-Insecure-Requests", "1"),
    ("User-Agent", "Custom User Agent String"),
    ("X-Amzn-Trace-Id", "Root=1-5526a3b0-0123456789abcdef01234567"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Forwarded-Port", "4566"),
    ("X-Forwarded-Proto", "http"),
]


def served() -> ServedStage:
    """The stage of an API."""
    api = RestApi(
        id=API_ID,
        name="example",
        created_date=0.0,
        api_key_source="HEADER",
        endpoint_configuration=EndpointConfiguration(types=["REGIONAL"]),
        disable_execute_api_endpoint=False,
        root_resource_id="0",
        binary_media_types=BINARY_TYPES,
    )
    stage = Stage(
        deployment_id="abc123",
        stage_name=STAGE,
        cache_cluster_enabled=False,
        cache_cluster_status="NOT_AVAILABLE",
        method_settings={},
        variables={"baz": "qux"},
        tracing_enabled=False,
        created_date=0.0,
        last_updated_date=0.0,
    )
    return ServedStage("123456789012", "us-east-1", Content(api=api, resources={}), stage)


def exchange() -> Exchange:
    """A request whose route is known."""
    stage = served()
    request = Arrived(
        method="POST", path="/path/to/resource", query=[("foo", "bar")], headers=_HEADERS, body=b'{"test":"body"}'
    )
    caller = Caller(host=f"{API_ID}.execute-api.us-east-1.localhost", source_ip="127.0.0.1")
    context = context_of(
        stage,
        request,
        caller,
        request_id="c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        extended_id="MTIzNDU2Nzg5MDE=",
        now_ms=_AT_MS,
    )
    enter(context, RESOURCE)
    return Exchange(request, context, {"proxy": "path/to/resource"}, stage.variables)
