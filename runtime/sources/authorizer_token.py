"""The token of a request, for the function of an authorizer of the type TOKEN."""

from __future__ import annotations

from typing import Final

from runtime.model.apigateway.authorization import method_arn
from runtime.model.apigateway.authorizer_event import token_event
from runtime.sources.registry import Invocation, Source


def _example() -> bytes:
    arn = method_arn("us-east-1", "123456789012", "example", "prod", "POST", "/path/to/resource")
    return token_event("incoming-client-token", arn)


SOURCE: Final = Source(
    event_source=None,
    about="The token of a request at a REST API, for a Lambda authorizer of the type TOKEN.",
    invocation=Invocation.SYNCHRONOUS,
    template="apigateway-authorizer",
    example=_example,
)
