"""Requests at a REST API whose integration is AWS_PROXY: payload format 1.0 (built by the gateway, with
runtime/model/apigateway/proxy_event)."""

from __future__ import annotations

from typing import Final

from runtime.model.apigateway.proxy_event import event_v1
from runtime.sources._rest_request import BINARY_TYPES, RESOURCE, exchange
from runtime.sources.registry import Invocation, Source


def _example() -> bytes:
    asked = exchange()
    return event_v1(
        asked.request,
        asked.context,
        resource=RESOURCE.path,
        path_parameters=asked.path_parameters,
        stage_variables=asked.stage_variables,
        binary_types=BINARY_TYPES,
    )


SOURCE: Final = Source(
    event_source=None,
    about="A request at a REST API of API Gateway, proxied to a function (payload format 1.0).",
    invocation=Invocation.SYNCHRONOUS,
    template="apigateway-aws-proxy",
    example=_example,
)
