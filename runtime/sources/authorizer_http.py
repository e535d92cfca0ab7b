"""A request at an HTTP API, for the function of an authorizer (built by runtime/model/httpapi/events)."""

from __future__ import annotations

from typing import Final

from runtime.model.httpapi.events import authorizer_event
from runtime.sources._http_request import ROUTE_ARN, asked
from runtime.sources.registry import Invocation, Source


def _example() -> bytes:
    served, route, exchange, _ = asked(is_passed=False)
    return authorizer_event(served, route, exchange, ["incoming-client-token"], ROUTE_ARN, is_v1=False)


SOURCE: Final = Source(
    event_source=None,
    about="A request at an HTTP API without its body, for a Lambda authorizer (payload format 2.0).",
    invocation=Invocation.SYNCHRONOUS,
    template=None,
    example=_example,
)
