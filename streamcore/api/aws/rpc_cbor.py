"""Smithy's RPC v2 protocol in CBOR, which current SDKs speak with CloudWatch:
`POST /service/<Service>/operation/<Action>`,
with the header `smithy-protocol: rpc-v2-cbor`. https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html

An error carries its present name in the body and, in `x-amzn-query-error`, the one that it had in AWS's query protocol.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from streamcore.api.aws.codecs import RPC_CBOR
from streamcore.api.aws.deferred import Deferred, Waiting
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.service import BODY_MAX_BYTES, Action, Call, EventStream, Service, too_large
from streamcore.api.aws.sigv4 import identify, scope_of
from streamcore.api.aws.target import TooLarge, as_wire, decoded, inflated
from streamcore.api.http import Request, Response, StreamingResponse
from streamcore.broker import Broker

if TYPE_CHECKING:
    from streamcore.api.aws.access import Access

_PATH: Final = re.compile(r"(?a)\A/service/([\w.]{1,128})/operation/(\w{1,128})\Z")
_NAME: Final = "rpc-v2-cbor"
#: `{}`: what a client without members to send may leave out.
_EMPTY: Final = b"\xa0"


class RpcCborProtocol:
    """Dispatches by path to the services it is given. Actions that answer with a stream are not reached by it."""

    def __init__(
        self,
        broker: Broker,
        services: Iterable[Service],
        deferred: Iterable[Deferred[Service]] = (),
        access: Access | None = None,
    ) -> None:
        """The keys of services that are deferred are their target prefixes. Without `access` nobody is refused."""
        self._broker = broker
        self._access = access
        self._actions: dict[tuple[str, str], Action] = {}
        self._waiting = Waiting(deferred, self._add)
        for service in services:
            self._add(service)

    def _add(self, service: Service) -> None:
        self._actions |= {(service.target_prefix, action.name): action for action in service.actions.values()}

    def claims(self, request: Request) -> bool:
        return request.headers.get("smithy-protocol", "") == _NAME

    def body_limit(self, method: str, path: str) -> int:
        return BODY_MAX_BYTES

    async def answer(self, request: Request, request_id: str) -> Response | StreamingResponse:
        action = await self._find(request)
        try:
            if action is None or request.method != "POST":
                raise AwsError("UnknownOperationException", 404)
            return Response(200, _headers(), await self._run(request, request_id, action), operation=action.operation)
        except TooLarge:
            return too_large()
        except Exception as error:  # noqa: BLE001  faults are logged in as_wire; the client gets a 500
            return _error(as_wire(error, request_id), action)

    async def _find(self, request: Request) -> Action | None:
        found = _PATH.match(request.path)
        if found is None:
            return None
        if found[1] in self._waiting:
            await self._waiting.load(found[1])
        return self._actions.get((found[1], found[2]))

    async def _run(self, request: Request, request_id: str, action: Action) -> bytes:
        body = inflated(request) or _EMPTY
        identity = identify(request.headers, request.query)
        call = Call(self._broker, scope_of(identity, self._broker.settings.scope), request_id, RPC_CBOR, request)
        if self._access is None:
            input_ = decoded(RPC_CBOR, body, action)
        else:
            call, input_ = self._access.admit(call, action.operation, lambda: decoded(RPC_CBOR, body, action), "json")
        output = await action.handler(call, input_)
        if isinstance(output, EventStream):
            raise TypeError(f"{action.operation} answers with a stream")
        return b"" if output is None else RPC_CBOR.encode(output)

    def start_draining(self) -> None:
        """No answer of this protocol goes on."""

    def __repr__(self) -> str:
        return f"<RpcCborProtocol, {len(self._actions)} actions>"


def _headers() -> dict[str, str]:
    return {"content-type": RPC_CBOR.content_type, "smithy-protocol": _NAME}


def _error(error: AwsError, action: Action | None) -> Response:
    body = RPC_CBOR.encode(error.body)
    if action is None:
        return Response(error.status, _headers(), body, error=error.code)
    headers = _headers() | action.error_headers(error.code, error.status)
    return Response(error.status, headers, body, operation=action.operation, error=error.code)
