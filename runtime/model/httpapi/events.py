"""What functions behind an HTTP API, and its authorizers, are given.

Shapes: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs" and "Control access to HTTP
APIs with AWS Lambda authorizers".
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from runtime.model.apigateway.proxy_event import all_values, last_values
from runtime.model.http_event import HttpRequest, Place, body_text, event_v2, joined
from runtime.model.httpapi.context import staged
from runtime.model.httpapi.exchange import HttpExchange
from runtime.model.httpapi.mapping import Mapped
from runtime.model.httpapi.route_key import DEFAULT, split_key
from runtime.model.httpapi.served import ServedHttpStage, ServedRoute


def function_event_v2(served: ServedHttpStage, route: ServedRoute, exchange: HttpExchange, mapped: Mapped) -> bytes:
    """Payload format 2.0."""
    request, context = exchange.request, exchange.context
    path = context["path"] if mapped.path is None else staged(served.stage.stage_name, mapped.path)
    asked = HttpRequest(
        method=request.method,
        path=path,
        query=urlencode(mapped.query) if mapped.is_query_changed else exchange.query_string,
        headers=joined((name.lower(), value) for name, value in mapped.headers),
        body=request.body,
    )
    place = Place(
        account=served.account,
        api_id=served.api.api_id,
        domain=context["domainName"],
        stage=served.stage.stage_name,
        route_key=route.route.route_key,
        path_parameters=exchange.path_parameters or None,
        stage_variables=dict(served.variables) or None,
        authorizer=None if exchange.passed is None else exchange.passed.v2,
    )
    return event_v2(asked, place, context["requestId"], context["requestTimeEpoch"])


def function_event_v1(served: ServedHttpStage, route: ServedRoute, exchange: HttpExchange, mapped: Mapped) -> bytes:
    """Payload format 1.0, as HTTP APIs write it: header names in lower case, binary bodies by their type alone."""
    request, context = exchange.request, exchange.context
    headers = [(name.lower(), value) for name, value in mapped.headers]
    path = context["path"] if mapped.path is None else staged(served.stage.stage_name, mapped.path)
    body, is_base64 = None, False
    if request.body:
        body, is_base64 = body_text(request.body, exchange.header("content-type") or "")
    event = {
        "version": "1.0",
        "resource": _resource(route),
        "path": path,
        "httpMethod": request.method,
        "headers": last_values(headers),
        "multiValueHeaders": all_values(headers),
        "queryStringParameters": last_values(mapped.query) or None,
        "multiValueQueryStringParameters": all_values(mapped.query) or None,
        "requestContext": context_v1(route, exchange),
        "pathParameters": exchange.path_parameters or None,
        "stageVariables": dict(served.variables) or None,
        "body": body,
        "isBase64Encoded": is_base64,
    }
    return msgspec.json.encode(event)


def context_v1(route: ServedRoute, exchange: HttpExchange) -> dict[str, Any]:
    """`requestContext` of payload format 1.0."""
    context = {name: value for name, value in exchange.context.items() if name in _CONTEXT}
    context |= {"resourceId": route.route.route_key, "resourcePath": _resource(route)}
    if exchange.passed is not None:
        context["authorizer"] = exchange.passed.v1
    return context


_CONTEXT = frozenset(
    {
        "accountId",
        "apiId",
        "domainName",
        "domainPrefix",
        "extendedRequestId",
        "httpMethod",
        "identity",
        "path",
        "protocol",
        "requestId",
        "requestTime",
        "requestTimeEpoch",
        "stage",
    }
)


def authorizer_event(
    served: ServedHttpStage, route: ServedRoute, exchange: HttpExchange, sources: list[str], arn: str, *, is_v1: bool
) -> bytes:
    """The request without its body, with what identifies the caller."""
    request = exchange.request
    if is_v1:
        identity = ",".join(sources) or None
        return msgspec.json.encode(
            {
                "version": "1.0",
                "type": "REQUEST",
                "methodArn": arn,
                "identitySource": identity,
                "authorizationToken": identity,
                "resource": _resource(route),
                "path": exchange.context["path"],
                "httpMethod": request.method,
                "headers": last_values((name.lower(), value) for name, value in request.headers),
                "queryStringParameters": last_values(request.query),
                "pathParameters": exchange.path_parameters,
                "stageVariables": dict(served.variables),
                "requestContext": context_v1(route, exchange),
            }
        )
    mapped = Mapped(headers=request.headers, query=request.query)
    event = msgspec.json.decode(function_event_v2(served, route, exchange.without_body(), mapped))
    del event["isBase64Encoded"]
    told = {"version": "2.0", "type": "REQUEST", "routeArn": arn, "identitySource": sources or None}
    return msgspec.json.encode(told | event)


def _resource(route: ServedRoute) -> str:
    key = route.route.route_key
    return key if key == DEFAULT else split_key(key)[1]
