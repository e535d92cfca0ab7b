"""Requests at function URLs: payload format 2.0 (built by runtime/model/http_event)."""

from __future__ import annotations

from typing import Final

from runtime.model.http_event import HttpRequest, Place, event_v2
from runtime.sources.registry import Invocation, Source

_ID: Final = "abcdefghijklmnopqrstuvwxyz012345"
_HOST: Final = f"{_ID}.lambda-url.us-east-1.localhost"


def _example() -> bytes:
    request = HttpRequest(
        method="POST",
        path="/path/to/resource",
        query="parameter1=value1&parameter1=value2&parameter2=value",
        headers={
            "header1": "value1",
            "header2": "value1,value2",
            "cookie": "cookie1; cookie2",
            "host": f"{_HOST}:4566",
            "user-agent": "agent",
            "content-type": "application/octet-stream",
        },
        body=b'{"test":"body"}',
    )
    place = Place(account="123456789012", api_id=_ID, domain=_HOST)
    return event_v2(request, place, "6cbd2a8f-4a5a-4a3a-9d2c-1f7b1c5f0a11", 1_583_348_638_390)


SOURCE: Final = Source(
    event_source=None,
    about="A request at a function URL (payload format 2.0).",
    invocation=Invocation.SYNCHRONOUS,
    template="apigateway-http-api-proxy",
    example=_example,
)
