"""Requests at an HTTP API whose integration asks for payload format 1.0 (built by runtime/model/httpapi/events)."""

from __future__ import annotations

from typing import Final

from runtime.model.httpapi.events import function_event_v1
from runtime.sources._http_request import asked
from runtime.sources.registry import Invocation, Source

SOURCE: Final = Source(
    event_source=None,
    about="A request at an HTTP API of API Gateway whose integration asks for payload format 1.0.",
    invocation=Invocation.SYNCHRONOUS,
    template="apigateway-aws-proxy",
    example=lambda: function_event_v1(*asked(is_passed=True)),
)
