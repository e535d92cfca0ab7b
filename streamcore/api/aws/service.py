"""AWS services without HTTP: what a request and an answer are, the registry of actions, and the door in front of it.

    KINESIS = Service("kinesis", target_prefix="Kinesis_20131202")

    @KINESIS.action("DeleteStream")
    async def delete_stream(call: Call, input: DeleteStreamInput) -> None: ...

    endpoint = Endpoint([TargetProtocol(broker, [KINESIS])])
    answer = await endpoint.handle(Request("POST", "/", headers, body))

An action's file is all there is to an action: its input's annotation is the Struct that the codec decodes into.
Handlers return data or raise; they never touch the answer. A service whose actions need more than the broker registers
them in a function that has it: `def lambda_service(app: App) -> Service`.
"""

from __future__ import annotations

import inspect
import logging
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, get_type_hints

import msgspec

from streamcore.api.aws.codecs import Codec, Rendered
from streamcore.api.aws.errors import internal
from streamcore.api.aws.shapes import Shape
from streamcore.api.http import Request, Response, StreamingResponse
from streamcore.broker import Broker
from streamcore.config import Settings
from streamcore.model.stream import Scope

if TYPE_CHECKING:
    from streamcore.api.aws.access import Grant

log = logging.getLogger(__name__)

#: As many random bytes as the real service puts into `x-amz-id-2`.
ID_2_BYTES: Final = 72
#: What most services answer to an input that breaks a constraint.
VALIDATION_CODE: Final = "ValidationException"
#: The largest body taken, before and after it is inflated: 10 MiB of records are 13.4 MiB in base64, and every record
#: brings its key and the names around it. Larger ones get 413.
BODY_MAX_BYTES: Final = 16 * 1024 * 1024


class EventStream(msgspec.Struct, frozen=True):
    """What a handler returns to answer with a stream: (event type, payload) pairs. An iterator with an `aclose` is
    closed with the answer, also when nothing was ever read from it (which no generator function would notice)."""

    events: AsyncIterator[tuple[str, Shape | Rendered]]


Output = Shape | Rendered | EventStream | None


class Call(msgspec.Struct, frozen=True):
    """What a handler knows besides its input: where names are looked up, and which request this is."""

    broker: Broker
    scope: Scope
    request_id: str
    codec: Codec
    request: Request
    #: Who asks; None without authentication.
    grant: Grant | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port under which the client reached us, for the URLs in answers."""
        return origin_of(self.request, self.broker.settings)


def origin_of(request: Request, settings: Settings) -> str:
    """Scheme, host and port under which the client reached us."""
    host = request.headers.get("host") or f"{settings.host}:{settings.port}"
    is_tls = settings.tls_port != 0 and host.rpartition(":")[2] == str(settings.tls_port)
    return f"{'https' if is_tls else 'http'}://{host}"


I_ = TypeVar("I_", bound=Shape)
Handler = Callable[[Call, I_], Awaitable[Output]]


class Action(msgspec.Struct, frozen=True):
    """A registered action: `name` is AWS's, `input` the Struct of its input. `validation_code` is the service's word
    for an input that breaks a constraint, `query_codes` what its error codes were in AWS's query protocol."""

    name: str
    operation: str
    input: type[Shape]
    handler: Handler[Any]
    validation_code: str = VALIDATION_CODE
    query_codes: Mapping[str, str] = {}

    def error_headers(self, code: str, status: int) -> dict[str, str]:
        """Tells clients what an error was called in the query protocol: that is what they show."""
        former = self.query_codes.get(code)
        return {} if former is None else {"x-amzn-query-error": f"{former};{'Sender' if status < 500 else 'Receiver'}"}


class Service:
    """The actions of one AWS service. `on_drain` is called when the server is about to stop: it ends open answers."""

    def __init__(
        self,
        name: str,
        *,
        target_prefix: str,
        validation_code: str = VALIDATION_CODE,
        query_codes: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.target_prefix = target_prefix
        self.validation_code = validation_code
        self.query_codes = query_codes or {}
        self.actions: dict[str, Action] = {}
        self.on_drain: Callable[[], None] | None = None

    def action(self, name: str) -> Callable[[Handler[I_]], Handler[I_]]:
        """Registers a coroutine `(call, input)` under AWS's name for it."""

        def register(handler: Handler[I_]) -> Handler[I_]:
            if name in self.actions:
                raise ValueError(f"{self.name} has an action {name} already")
            self.add(name, input_of(handler, 1), handler)
            return handler

        return register

    def add(self, name: str, input_: type[Shape], handler: Handler[Any]) -> None:
        """Registers an action whose input is known otherwise than by an annotation."""
        self.actions[name] = Action(
            name, f"{self.name}.{name}", input_, handler, self.validation_code, self.query_codes
        )

    def __repr__(self) -> str:
        return f"<Service {self.name}, {len(self.actions)} actions>"


def input_of(handler: Callable[..., Any], position: int) -> type[Shape]:
    """The annotation of the parameter of a handler that is its input."""
    parameter = list(inspect.signature(handler).parameters)[position]
    annotation = get_type_hints(handler)[parameter]
    if not (isinstance(annotation, type) and issubclass(annotation, Shape)):
        raise TypeError(f"the input of {handler} is no Shape but {annotation}")
    return annotation


class WireProtocol(Protocol):
    """One way in which services are spoken to: by target header, by REST paths, …"""

    def claims(self, request: Request) -> bool:
        """Whether the request is in this protocol."""

    def body_limit(self, method: str, path: str) -> int:
        """The most bytes that a body may have at this path."""

    async def answer(self, request: Request, request_id: str) -> Response | StreamingResponse:
        """Answers it. Errors that are foreseen are answers; what is raised is an internal fault."""

    def start_draining(self) -> None:
        """The server is about to stop: answers that go on come to their end."""


class Endpoint:
    """The door: gives each request to the first protocol that claims it, the last one takes the rest.

    What every answer has is added here: request ids, CORS headers for browsers, and 500 for faults.
    """

    def __init__(self, protocols: Sequence[WireProtocol]) -> None:
        *self._protocols, self._fallback = protocols
        self._random = Random()  # ids only have to differ; asking the kernel each time costs 2 us

    async def handle(self, request: Request) -> Response | StreamingResponse:
        """Answers any request; never raises, except when it is cancelled."""
        random = self._random.randbytes(16 + ID_2_BYTES)
        request_id = _uuid(random[:16].hex())
        if request.method == "OPTIONS" and "origin" in request.headers:
            return Response(200, {"x-amzn-RequestId": request_id, **_cors(request)})
        answer = await self._answer(request, request_id)
        headers = answer.headers
        headers["x-amzn-RequestId"] = request_id
        headers["x-amz-id-2"] = b64encode(random[16:]).decode()
        if "origin" in request.headers:
            headers.update(_cors(request))
        return answer

    async def _answer(self, request: Request, request_id: str) -> Response | StreamingResponse:
        try:
            protocol = next((p for p in self._protocols if p.claims(request)), self._fallback)
            size = len(request.body)
            if size > BODY_MAX_BYTES and size > protocol.body_limit(request.method, request.path):
                return too_large()
            return await protocol.answer(request, request_id)
        except Exception:
            log.exception("request %s failed: %s %s", request_id, request.method, request.path[:200])
            return xml_error(internal().code, 500)

    def claims(self, request: Request) -> bool:
        """Whether any protocol but the last resort is spoken in it."""
        return any(protocol.claims(request) for protocol in self._protocols)

    def body_limit(self, method: str, path: str) -> int:
        """The most bytes that any protocol takes at this path: a `BodyLimit` for the front doors."""
        return max(protocol.body_limit(method, path) for protocol in (*self._protocols, self._fallback))

    def start_draining(self) -> None:
        for protocol in (*self._protocols, self._fallback):
            protocol.start_draining()

    def __repr__(self) -> str:
        return f"<Endpoint {[*self._protocols, self._fallback]}>"


def _uuid(digits: str) -> str:
    """32 random hex digits as a UUID of version 4 (the `uuid` module takes three times as long)."""
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) & 3]}{digits[17:20]}-{digits[20:]}"
    )


def xml_error(code: str, status: int, message: str | None = None) -> Response:
    """How AWS answers what it cannot attribute to a protocol."""
    text = f"<{code}/>\n" if message is None else f"<{code}>\n  <Message>{message}</Message>\n</{code}>\n"
    return Response(status, {}, text.encode(), error=code)


def too_large() -> Response:
    """A body beyond BODY_MAX_BYTES."""
    return xml_error("RequestEntityTooLargeException", 413)


_HEADER_LIST: Final = re.compile(r"(?a)\A[\w, *-]{1,1024}\Z")
_EXPOSED: Final = "x-amzn-RequestId, x-amzn-ErrorType, x-amz-request-id, x-amz-id-2, x-amzn-ErrorMessage, Date"


def _cors(request: Request) -> dict[str, str]:
    """What lets a browser use the endpoint from any page; as real Kinesis answers."""
    if request.method != "OPTIONS":
        return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _EXPOSED}
    answer = {"Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "172800"}
    for asked, granted in (
        ("access-control-request-headers", "Access-Control-Allow-Headers"),
        ("access-control-request-method", "Access-Control-Allow-Methods"),
    ):
        value = request.headers.get(asked, "")
        if _HEADER_LIST.match(value):
            answer[granted] = value
    return answer
