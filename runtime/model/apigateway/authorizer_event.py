"""What the function of a Lambda authorizer is asked with.

Shapes: API Gateway developer guide, "Input to an API Gateway Lambda authorizer".
"""

from __future__ import annotations

import msgspec

from runtime.model.apigateway.exchange import Exchange
from runtime.model.apigateway.proxy_event import all_values, last_values


def token_event(token: str, arn: str) -> bytes:
    """JSON of the event of an authorizer of the type TOKEN; `arn` is that of the method that is called."""
    return msgspec.json.encode({"type": "TOKEN", "methodArn": arn, "authorizationToken": token})


def request_event(exchange: Exchange, arn: str) -> bytes:
    """The request without its body."""
    request = exchange.request
    return msgspec.json.encode(
        {
            "type": "REQUEST",
            "methodArn": arn,
            "resource": exchange.context["resourcePath"],
            "path": request.path,
            "httpMethod": request.method,
            "headers": last_values(request.headers),
            "multiValueHeaders": all_values(request.headers),
            "queryStringParameters": last_values(request.query),
            "multiValueQueryStringParameters": all_values(request.query),
            "pathParameters": exchange.path_parameters,
            "stageVariables": dict(exchange.stage_variables),
            "requestContext": exchange.context,
        }
    )
