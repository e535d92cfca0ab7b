"""The protocol of Kinesis, Logs, Events and others: `POST /`, an `X-Amz-Target` header that names the action, a body in
JSON 1.1 or CBOR 1.1.

A request is checked in the order of the real service (facts sheet 1.1): method, body, content type, the body parses,
the target is known, it is signed, values have their types, values satisfy their constraints; only then the action looks
at what it means. The good path does not walk through that list: it decodes straight into the action's Struct, and looks
for the first failing check only when something failed.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from streamcore.api.aws import eventstream
from streamcore.api.aws.codecs import CBOR, Codec, codec_for
from streamcore.api.aws.deferred import Deferred, Waiting
from streamcore.api.aws.errors import AwsError, internal, translate
from streamcore.api.aws.service import (
    BODY_MAX_BYTES,
    VALIDATION_CODE,
    Action,
    Call,
    EventStream,
    Output,
    Service,
    too_large,
    xml_error,
)
from streamcore.api.aws.shapes import Shape
from streamcore.api.aws.sigv4 import identify, scope_of
from streamcore.api.aws.validation import serialization
from streamcore.api.http import Request, Response, StreamingResponse
from streamcore.broker import Broker
from streamcore.errors import StreamcoreError

if TYPE_CHECKING:
    from streamcore.api.aws.access import Access

log = logging.getLogger(__name__)

_NO_ACTION: Final = "Unable to determine service/operation name to be authorized"


class TooLarge(Exception):
    """An inflated body beyond its bound."""


class TargetProtocol:
    """Dispatches by `X-Amz-Target` to the services it is given."""

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
        self._services: list[Service] = []
        self._actions: dict[str, Action] = {}
        self._waiting = Waiting(deferred, self._add)
        for service in services:
            self._add(service)

    def _add(self, service: Service) -> None:
        self._services.append(service)
        self._actions |= {f"{service.target_prefix}.{action.name}": action for action in service.actions.values()}

    def claims(self, request: Request) -> bool:
        return "x-amz-target" in request.headers

    def body_limit(self, method: str, path: str) -> int:
        return BODY_MAX_BYTES

    async def answer(self, request: Request, request_id: str) -> Response | StreamingResponse:
        if request.method != "POST":
            return xml_error("AccessDeniedException", 403, _NO_ACTION)
        target = request.headers.get("x-amz-target", "")
        action = self._actions.get(target)
        if action is None and (prefix := target.partition(".")[0]) in self._waiting:
            await self._waiting.load(prefix)
            action = self._actions.get(target)
        codec = codec_for(request.headers.get("content-type", ""))
        if not request.body:
            error = AwsError("UnknownOperationException") if action is None else serialization()
            return _error(error, codec or CBOR, action)
        if codec is None:
            # Seen on the real service: a target alone already makes it "an operation".
            named = "." in target
            return (
                xml_error("UnknownOperationException", 404)
                if named
                else xml_error("AccessDeniedException", 403, _NO_ACTION)
            )
        try:
            return await self._run(request, request_id, action, codec)
        except TooLarge:
            return too_large()
        except AwsError as error:
            return _error(error, codec, action)
        except StreamcoreError as error:
            return _error(translate(error) or unforeseen(request_id), codec, action)
        except Exception:  # noqa: BLE001  logged in unforeseen; the client gets a 500
            return _error(unforeseen(request_id), codec, action)

    async def _run(
        self, request: Request, request_id: str, action: Action | None, codec: Codec
    ) -> Response | StreamingResponse:
        body = inflated(request)
        try:
            if action is None:
                raise AwsError("UnknownOperationException")
            scope = self._broker.settings.scope
            if self._access is None or not self._access.is_enforced:  # else the guard says who it is, or refuses
                scope = scope_of(identify(request.headers, request.query), scope)
            call = Call(self._broker, scope, request_id, codec, request)
            if self._access is None:
                input_ = decoded(codec, body, action)
            else:
                call, input_ = self._access.admit(call, action.operation, lambda: decoded(codec, body, action), "json")
        except AwsError:
            codec.parse(body)  # a body that does not parse comes first
            raise
        output = await action.handler(call, input_)
        return _answer(output, call, action)

    def start_draining(self) -> None:
        self._broker.end_subscriptions()
        for service in self._services:
            if service.on_drain is not None:
                service.on_drain()

    def __repr__(self) -> str:
        return f"<TargetProtocol, {len(self._actions)} actions>"


def decoded(codec: Codec, body: bytes, action: Action) -> Shape:
    """The action's input. Raises AwsError, with the service's own code for a constraint that is broken."""
    try:
        return codec.decode(body, action.input)
    except AwsError as error:
        if error.code != VALIDATION_CODE or action.validation_code == VALIDATION_CODE:
            raise
        raise AwsError(action.validation_code, error.status, error.message) from None


def inflated(request: Request) -> bytes:
    """The body without its `Content-Encoding: gzip`. Raises AwsError when it is damaged, TooLarge."""
    if request.headers.get("content-encoding", "").strip().lower() != "gzip":
        return request.body
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        body = inflater.decompress(request.body, BODY_MAX_BYTES + 1)
    except zlib.error:
        raise serialization() from None
    if len(body) > BODY_MAX_BYTES:
        raise TooLarge
    if not inflater.eof or inflater.unused_data:
        raise serialization()
    return body


def _answer(output: Output, call: Call, action: Action) -> Response | StreamingResponse:
    if isinstance(output, EventStream):
        headers = {"content-type": eventstream.CONTENT_TYPE}
        return StreamingResponse(200, headers, Frames(output, call), operation=action.operation)
    body = b"" if output is None else call.codec.encode(output)
    return Response(200, _headers(call.codec, body), body, operation=action.operation)


def _headers(codec: Codec, body: bytes) -> dict[str, str]:
    """`x-amz-crc32` lets an SDK notice a damaged answer; it costs 0.7 us per KB."""
    return {"content-type": codec.content_type, "x-amz-crc32": str(zlib.crc32(body))}


def _error(error: AwsError, codec: Codec, action: Action | None) -> Response:
    body = codec.encode(error.body)
    headers = _headers(codec, body)
    if action is None:
        return Response(error.status, headers, body, error=error.code)
    headers |= action.error_headers(error.code, error.status)
    return Response(error.status, headers, body, operation=action.operation, error=error.code)


def unforeseen(request_id: str) -> AwsError:
    """To be called where the fault was caught: logs it."""
    log.exception("request %s failed", request_id)
    return internal()


class Frames:
    """The frames of a stream; an error in its middle becomes its last frame.

    A class and not a generator, because closing a generator that was never started runs none of it: a client may go
    away before the first frame, and the stream under it must be closed all the same.
    """

    def __init__(self, stream: EventStream, call: Call) -> None:
        self._events = stream.events
        self._call = call
        self._has_begun = False
        self._is_over = False

    def __aiter__(self) -> Frames:
        return self

    async def __anext__(self) -> bytes:
        codec = self._call.codec
        if not self._has_begun:
            self._has_begun = True
            return eventstream.initial_response(codec.content_type, codec.encode({}))
        if self._is_over:
            raise StopAsyncIteration
        try:
            kind, payload = await anext(self._events)
            return eventstream.event(kind, codec.content_type, codec.encode(payload))
        except StopAsyncIteration:
            await self.aclose()
            raise
        except Exception as error:  # noqa: BLE001  told to the client, or logged in unforeseen
            await self.aclose()
            wire = as_wire(error, self._call.request_id)
            payload_bytes = codec.encode({"message": wire.message or ""})
            return eventstream.exception(wire.code, codec.content_type, payload_bytes)

    async def aclose(self) -> None:
        self._is_over = True
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()


def as_wire(error: Exception, request_id: str) -> AwsError:
    """The answer to what an action raised; faults nobody foresaw are logged."""
    if isinstance(error, AwsError):
        return error
    return (translate(error) if isinstance(error, StreamcoreError) else None) or unforeseen(request_id)
