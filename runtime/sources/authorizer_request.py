"""A request without its body, for the function of an authorizer of the type REQUEST."""

from __future__ import annotations

from typing import Final

from runtime.model.apigateway.authorization import method_arn
from runtime.model.apigateway.authorizer_event import request_event
from runtime.sources._rest_request import API_ID, STAGE, exchange
from runtime.sources.registry import Invocation, Source


def _example() -> bytes:
    asked = exchange()
    arn = method_arn("us-east-1", "123456789012", API_ID, STAGE, asked.request.method, asked.request.path)
    return request_event(asked, arn)


SOURCE: Final = Source(
    event_source=None,
    about="A request at a REST API without its body, for a Lambda authorizer of the type REQUEST.",
    invocation=Invocation.SYNCHRONOUS,
    template=None,
    example=_example,
)
