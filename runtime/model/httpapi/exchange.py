"""One request at an HTTP API on its way through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from runtime.model.apigateway.exchange import Exchange
from runtime.model.apigateway.proxy_event import Arrived


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """What an authorizer let through, as `requestContext.authorizer` of the payload formats has it. Format 1.0 is also
    what `$context.authorizer` is."""

    v1: dict[str, Any]
    v2: dict[str, Any]


class HttpExchange(Exchange):
    """`query_string` is as it came."""

    __slots__ = ("passed", "query_string")

    def __init__(
        self, request: Arrived, context: dict[str, Any], stage_variables: Mapping[str, str], query_string: str
    ) -> None:
        super().__init__(request, context, {}, stage_variables)
        self.query_string = query_string
        self.passed: Passed | None = None

    def without_body(self) -> HttpExchange:
        request = msgspec.structs.replace(self.request, body=b"")
        made = HttpExchange(request, self.context, self.stage_variables, self.query_string)
        made.path_parameters = self.path_parameters
        return made
