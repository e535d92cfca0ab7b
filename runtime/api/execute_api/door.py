"""The door of the data plane: finds the API of a request and hands it to the kind of APIs that has it. It knows neither
REST APIs nor HTTP APIs: those are `Plane`s."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from runtime.api.execute_api.addresses import Address, address_of
from runtime.model.apigateway.proxy_event import Answered
from streamcore.api.http import Api, Request, Response, StreamingResponse

log = logging.getLogger(__name__)

_OPERATION: Final = "execute-api.Invoke"


class Plane(Protocol):
    """One kind of APIs."""

    def owns(self, api_id: str) -> bool:
        """Whether an API of this kind has the id."""

    async def serve(self, address: Address, request: Request) -> Answered:
        """Answers the request, whatever it is."""


class ExecuteApi:
    """`elsewhere` gets what is no request to an API, since the management API shares a prefix of paths. A plane is
    asked for with each request; None is one that has no APIs yet."""

    def __init__(self, planes: Sequence[Callable[[], Plane | None]], elsewhere: Api) -> None:
        self._planes = planes
        self._elsewhere = elsewhere

    async def handle(self, request: Request) -> Response | StreamingResponse:
        address = address_of(request.path, request.headers)
        if address is None:
            return await self._elsewhere.handle(request)
        try:
            planes = (find() for find in self._planes)
            plane = next((each for each in planes if each is not None and each.owns(address.api_id)), None)
            answer = _forbidden() if plane is None else await plane.serve(address, request)
        except Exception:
            log.exception("%s of the API %s failed", request.method, address.api_id[:40])
            answer = Answered(status=500, headers=dict(_JSON), body=b'{"message":"Internal server error"}')
        return response_of(answer)

    def start_draining(self) -> None:
        """Nothing here waits for something new; `elsewhere` has its own place at the server."""


_JSON: Final = {"Content-Type": "application/json"}
_FRAMING: Final = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})


def _forbidden() -> Answered:
    headers = _JSON | {"x-amzn-ErrorType": "ForbiddenException"}
    return Answered(status=403, headers=headers, body=b'{"message":"Forbidden"}')


def response_of(answer: Answered) -> Response:
    """As the server sends it: text beyond ASCII goes out as UTF-8; what frames a message is the server's to say."""
    if answer.status < 200:  # it would be no final answer
        answer = Answered(status=500, headers=dict(_JSON), body=b'{"message":"Internal server error"}')
    headers = {name: _octets(value) for name, value in answer.headers.items() if name.lower() not in _FRAMING}
    error = answer.headers.get("x-amzn-ErrorType", "")
    cookies = tuple(map(_octets, answer.cookies))
    return Response(answer.status, headers, answer.body, operation=_OPERATION, error=error, cookies=cookies)


def _octets(text: str) -> str:
    return text if text.isascii() else text.encode(errors="replace").decode("latin-1")
