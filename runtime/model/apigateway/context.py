"""`$context` of a request, which is also the `requestContext` of events.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html#context-variable-reference
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from runtime.model.apigateway.exchange import Exchange
from runtime.model.apigateway.proxy_event import Arrived
from runtime.model.apigateway.served import ServedStage
from runtime.model.apigateway.values import Resource
from runtime.model.http_event import common_log_time

_CREDENTIAL: Final = re.compile(r"Credential=(?P<key>[^/,\s]{1,128})/")


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and under which name the API was reached; `host` is without its port."""

    host: str
    source_ip: str
    protocol: str = "HTTP/1.1"


def identity_of(request: Arrived, caller: Caller) -> dict[str, Any]:
    """The `identity` of a request that nobody signed."""
    agent = next((value for name, value in request.headers if name.lower() == "user-agent"), None)
    return {
        "accessKey": None,
        "accountId": None,
        "caller": None,
        "cognitoAuthenticationProvider": None,
        "cognitoAuthenticationType": None,
        "cognitoIdentityId": None,
        "cognitoIdentityPoolId": None,
        "principalOrgId": None,
        "sourceIp": caller.source_ip,
        "user": None,
        "userAgent": agent,
        "userArn": None,
    }


def context_of(
    served: ServedStage, request: Arrived, caller: Caller, *, request_id: str, extended_id: str, now_ms: int
) -> dict[str, Any]:
    """What is known before the route is."""
    stage = served.stage.stage_name
    return {
        "accountId": served.account,
        "apiId": served.api.id,
        "deploymentId": served.stage.deployment_id,
        "domainName": caller.host,
        "domainPrefix": caller.host.partition(".")[0],
        "extendedRequestId": extended_id,
        "httpMethod": request.method,
        "identity": identity_of(request, caller),
        "path": f"/{stage}{request.path}",
        "protocol": caller.protocol,
        "requestId": request_id,
        "requestTime": common_log_time(now_ms),
        "requestTimeEpoch": now_ms,
        "stage": stage,
    }


def enter(context: dict[str, Any], resource: Resource) -> None:
    """Adds what is known once the route is."""
    context["resourceId"] = resource.id
    context["resourcePath"] = resource.path


def signer_of(exchange: Exchange) -> str | None:
    """The access key of a signed request, None when it is not signed. The signature is not verified."""
    header = exchange.header("authorization") or ""
    if header.startswith("AWS4-HMAC-SHA256 "):
        found = _CREDENTIAL.search(header)
        return None if found is None else found["key"]
    credential = exchange.query_value("X-Amz-Credential")
    return credential.partition("/")[0] if credential and exchange.query_value("X-Amz-Signature") else None
