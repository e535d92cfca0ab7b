"""REST APIs as a plane of the door."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote

from runtime.api.execute_api.addresses import Address
from runtime.gateway.service import Gateway
from runtime.model.apigateway.context import Caller
from runtime.model.apigateway.proxy_event import Answered, Arrived
from runtime.model.apigateway.route_tree import segments_of
from runtime.model.http_event import source_ip
from streamcore.api.http import Request

if TYPE_CHECKING:
    from runtime.gateway.ports import Door
    from streamcore.api.aws.access import Access

#: Headers that are the connection's, and not told to integrations.
_OF_CONNECTION: Final = frozenset({"connection", "expect", "keep-alive", "te", "transfer-encoding", "upgrade"})
#: Parameters in a query string; what is beyond is a bad request.
QUERY_PARTS_MAX: Final = 1000


class RestPlane:
    """Hands requests to the gateway."""

    def __init__(self, gateway: Gateway, access: Access | None = None) -> None:
        """Without `access` nobody is refused."""
        self._gateway = gateway
        self._access = access

    def owns(self, api_id: str) -> bool:
        return self._gateway.apis.owns(api_id)

    async def serve(self, address: Address, request: Request) -> Answered:
        stage, _, rest = address.path[1:].partition("/")
        path = f"/{rest}"
        try:
            query = parse_qsl(request.query, keep_blank_values=True, errors="replace", max_num_fields=QUERY_PARTS_MAX)
        except ValueError:
            return Answered(status=400, headers={"Content-Type": "application/json"}, body=b'{"message":"Bad Request"}')
        host = request.headers.get("host", "")
        arrived = Arrived(
            method=request.method,
            path=unquote(path),
            query=query,
            headers=forwarded(request),
            body=request.body,
        )
        caller = Caller(host=host.rpartition(":")[0] or host, source_ip=source_ip(request.headers))
        return await self._gateway.pipeline.serve(
            address.api_id, unquote(stage), segments_of(path), arrived, caller, door_of(self._access, request)
        )


def door_of(access: Access | None, request: Request) -> Door | None:
    """Who stands before the methods of an API: nobody while authentication is off."""
    if access is None:
        return None
    from runtime.api.execute_api.access import MethodAccess

    return MethodAccess(access, request)


def forwarded(request: Request) -> list[tuple[str, str]]:
    """The headers as they came, with those that API Gateway adds."""
    headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _OF_CONNECTION]
    known = {name.lower() for name, _ in headers}
    _, _, port = request.headers.get("host", "").rpartition(":")
    added = {
        "X-Amzn-Trace-Id": f"Root=1-{secrets.token_hex(4)}-{secrets.token_hex(12)}",
        "X-Forwarded-For": source_ip(request.headers),
        "X-Forwarded-Port": port if port.isdigit() else "80",
        "X-Forwarded-Proto": "http",
    }
    return headers + [(name, value) for name, value in added.items() if name.lower() not in known]
