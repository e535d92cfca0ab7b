"""Requests at an HTTP API (built by runtime/model/httpapi/events)."""

from __future__ import annotations

from typing import Final

from runtime.model.httpapi.events import function_event_v2
from runtime.sources._http_request import asked
from runtime.sources.registry import Invocation, Source

SOURCE: Final = Source(
    event_source=None,
    about="A request at an HTTP API of API Gateway (payload format 2.0).",
    invocation=Invocation.SYNCHRONOUS,
    template="apigateway-http-api-proxy",
    example=lambda: function_event_v2(*asked(is_passed=True)),
)
