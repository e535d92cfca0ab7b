"""Tells the meter that something happens: any request may change what its sources count."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from runtime.telemetry.meter import Meter
from streamcore.api.http import Api, Request, Response, StreamingResponse


class Watched:
    """An API in front of which each request touches the meter."""

    def __init__(self, api: Api, meter: Meter) -> None:
        self._api = api
        self._meter = meter

    def handle(self, request: Request) -> Coroutine[Any, Any, Response | StreamingResponse]:
        """Hands on the API's own coroutine: no step more for a request."""
        self._meter.touch()
        return self._api.handle(request)

    def start_draining(self) -> None:
        self._api.start_draining()
