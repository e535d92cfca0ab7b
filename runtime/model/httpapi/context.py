"""`$context` of a request to an HTTP API: what access logs, mappings and events are written from.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""

from __future__ import annotations

from typing import Any

from runtime.model.apigateway.context import Caller, identity_of
from runtime.model.apigateway.proxy_event import Arrived
from runtime.model.http_event import common_log_time
from runtime.model.httpapi.route_key import DEFAULT
from runtime.model.httpapi.served import ServedHttpStage


def context_of(
    served: ServedHttpStage, request: Arrived, caller: Caller, *, request_id: str, now_ms: int
) -> dict[str, Any]:
    """What is known before the route is."""
    return {
        "accountId": served.account,
        "apiId": served.api.api_id,
        "domainName": caller.host,
        "domainPrefix": caller.host.partition(".")[0],
        "extendedRequestId": request_id,
        "httpMethod": request.method,
        "identity": identity_of(request, caller),
        "path": staged(served.stage.stage_name, request.path),
        "protocol": caller.protocol,
        "requestId": request_id,
        "requestTime": common_log_time(now_ms),
        "requestTimeEpoch": now_ms,
        "stage": served.stage.stage_name,
    }


def staged(stage: str, path: str) -> str:
    """A path as clients have it: `$default` is not in it, other stages are."""
    return path if stage == DEFAULT else f"/{stage}{path}"
