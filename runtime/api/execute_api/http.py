"""HTTP APIs as a plane of the door."""

from __future__ import annotations

from urllib.parse import parse_qsl

from runtime.api.execute_api.addresses import Address
from runtime.api.execute_api.rest import QUERY_PARTS_MAX, forwarded
from runtime.gateway.httpapi.pipeline import own
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.context import Caller
from runtime.model.apigateway.proxy_event import Answered, Arrived
from runtime.model.http_event import source_ip
from streamcore.api.http import Request


class HttpPlane:
    """Hands requests to the gateway."""

    def __init__(self, gateway: HttpGateway) -> None:
        self._gateway = gateway

    def owns(self, api_id: str) -> bool:
        return self._gateway.apis.owns(api_id)

    async def serve(self, address: Address, request: Request) -> Answered:
        try:
            query = parse_qsl(request.query, keep_blank_values=True, errors="replace", max_num_fields=QUERY_PARTS_MAX)
        except ValueError:
            return own(400)
        host = request.headers.get("host", "")
        headers = forwarded(request)
        arrived = Arrived(method=request.method, path="/", query=query, headers=headers, body=request.body)
        caller = Caller(host=host.rpartition(":")[0] or host, source_ip=source_ip(request.headers))
        return await self._gateway.pipeline.serve(address.api_id, address.path, request.query, arrived, caller)
