"""Sends a request to the API that its host name belongs to: `{id}.lambda-url.us-east-1.localhost`."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any

from streamcore.api.http import Api, Request, Response, StreamingResponse, StreamsBody


class ByHost:
    """`apis` by a part of the host name, dots included; every other host's requests go to `fallback`."""

    def __init__(self, apis: dict[str, Api], fallback: Api) -> None:
        self._apis = apis
        self._fallback = fallback

    def handle(self, request: Request) -> Coroutine[Any, Any, Response | StreamingResponse]:
        host = request.headers.get("host", "")
        for part, api in self._apis.items():
            if part in host:
                return api.handle(request)
        return self._fallback.handle(request)

    def streams(self, of_fallback: StreamsBody) -> StreamsBody:
        """Which bodies come piece by piece: those that the fallback wants, of its own requests alone."""

        def wants(method: str, path: str, headers: Mapping[str, str], query: str) -> bool:
            host = headers.get("host", "")
            return not any(part in host for part in self._apis) and of_fallback(method, path, headers, query)

        return wants

    def start_draining(self) -> None:
        for api in (*self._apis.values(), self._fallback):
            api.start_draining()
