"""/metrics for Prometheus, /healthz and /readyz for whoever supervises the broker."""

from __future__ import annotations

import asyncio

from streamcore.api.http import Request, Response
from streamcore.broker import Broker
from streamcore.metrics import CONTENT_TYPE, Exposition, render

_TEXT = {"content-type": "text/plain; charset=utf-8"}


class OperationsApi:
    """healthz: the loop answers. readyz: records can be written."""

    def __init__(self, broker: Broker, exposition: Exposition) -> None:
        self._broker = broker
        self._exposition = exposition
        self._draining = False

    async def handle(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(405, {**_TEXT, "allow": "GET, HEAD"}, b"This path takes GET.\n")
        match request.path:
            case "/metrics":
                body = await asyncio.get_running_loop().run_in_executor(None, render, self._exposition.collect())
                return Response(200, {"content-type": CONTENT_TYPE}, body)
            case "/healthz":
                return Response(200, _TEXT, b"ok\n")
            case "/readyz":
                reason = "stopping" if self._draining else self._broker.unready_reason()
                return Response(503 if reason else 200, _TEXT, f"{reason or 'ready'}\n".encode())
        return Response(404, _TEXT, b"There is nothing here.\n")

    def start_draining(self) -> None:
        self._draining = True
