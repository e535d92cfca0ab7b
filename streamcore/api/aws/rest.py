"""The REST-JSON protocol of Lambda, API Gateway, Scheduler and others: an action is a method and a path template.

    LAMBDA: RestService[Functions] = RestService("lambda", errors=...)

    @LAMBDA.action("CreateFunction", "POST", "/2015-03-31/functions", status=201)
    async def create_function(functions: Functions, call: Call, input_: CreateFunctionInput) -> Output: ...

    endpoint = Endpoint([RestJsonProtocol(broker, [LAMBDA.on(functions)]), TargetProtocol(broker, [KINESIS])])

Where the members travel is said in the shapes (binding.py). What a service's actions work on is given when the service
is put behind an endpoint, never found by import. An action may also return a whole `Response`, for what no shape says.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec

from streamcore.api.aws.binding import JSON, read_input, write_output
from streamcore.api.aws.deferred import Deferred, Waiting
from streamcore.api.aws.errors import AwsError, internal, translate
from streamcore.api.aws.routes import Found, Leaf, Router, values_of
from streamcore.api.aws.service import BODY_MAX_BYTES, Call, input_of, xml_error
from streamcore.api.aws.shapes import Shape
from streamcore.api.aws.sigv4 import Identity, identify, scope_of
from streamcore.api.http import Request, Response, StreamingResponse
from streamcore.broker import Broker
from streamcore.errors import StreamcoreError
from streamcore.model.caching import LONGEST_CHARS

if TYPE_CHECKING:
    from streamcore.api.aws.access import Access

log = logging.getLogger(__name__)

A = TypeVar("A")
I_ = TypeVar("I_", bound=Shape)
#: A Shape, or a value of a model whose members are AWS's; or a whole answer.
RestOutput = msgspec.Struct | Response | StreamingResponse | None
RestHandler = Callable[[A, Call, I_], Awaitable[RestOutput]]

_NO_ACTION: Final = "Unable to determine service/operation name to be authorized"
#: A body that is somewhat too large still comes in, so that its answer is in the service's words.
_SLACK_BYTES: Final = 8 * 1024 * 1024
#: How REST services answer a signature that is not there or not whole.
_UNSIGNED: Final = ("MissingAuthenticationTokenException", "IncompleteSignatureException", "InvalidSignatureException")


class RestError(AwsError):
    """An error with members and headers of its own beside code and text."""

    def __init__(
        self,
        code: str,
        status: int,
        message: str | None,
        *,
        members: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, status, message)
        self.members = dict(members or {})
        self.headers = dict(headers or {})


class ErrorForms:
    """How a service tells errors. The usual: `{"message": …}`, the code in a header."""

    def from_exception(self, error: Exception) -> AwsError | None:
        """The answer to what a handler raised, None for an internal fault."""
        if isinstance(error, AwsError):
            return error
        return translate(error) if isinstance(error, StreamcoreError) else None

    def body(self, error: AwsError) -> dict[str, str]:
        return {} if error.message is None else {"message": error.message}

    def fault(self) -> AwsError:
        """The answer to what nobody foresaw."""
        return internal()

    def too_large(self, action: str, limit_bytes: int) -> AwsError:
        """The answer to a body beyond the action's bound."""
        text = f"Request must be smaller than {limit_bytes} bytes for the {action} operation"
        return AwsError("RequestEntityTooLargeException", 413, text)


class RestAction(msgspec.Struct, frozen=True):
    """A registered action: `name` is AWS's, `input` the Struct of its input, `status` that of a success."""

    name: str
    operation: str
    method: str
    template: str
    status: int
    body_max_bytes: int
    input: type[Shape]
    handler: RestHandler[Any, Any]


class RestService(Generic[A]):
    """The actions of one AWS service; `name` is also the one in its clients' signatures."""

    def __init__(self, name: str, *, errors: ErrorForms | None = None) -> None:
        self.name = name
        self.errors = errors or ErrorForms()
        self.actions: dict[str, RestAction] = {}

    def action(
        self, name: str, method: str, template: str, *, status: int = 200, body_max_bytes: int = BODY_MAX_BYTES
    ) -> Callable[[RestHandler[A, I_]], RestHandler[A, I_]]:
        """Registers a coroutine `(app, call, input)` under AWS's name for it."""

        def register(handler: RestHandler[A, I_]) -> RestHandler[A, I_]:
            if name in self.actions:
                raise ValueError(f"{self.name} has an action {name} already")
            operation, shape = f"{self.name}.{name}", input_of(handler, 2)
            self.actions[name] = RestAction(name, operation, method, template, status, body_max_bytes, shape, handler)
            return handler

        return register

    def on(self, app: A) -> BoundService:
        """The service at work on `app`."""
        return BoundService(self, app)

    def __repr__(self) -> str:
        return f"<RestService {self.name}, {len(self.actions)} actions>"


class BoundService(msgspec.Struct, frozen=True):
    """A service and what its actions work on."""

    service: RestService[Any]
    app: Any


class _Target(msgspec.Struct, frozen=True):
    action: RestAction
    bound: BoundService

    @property
    def errors(self) -> ErrorForms:
        return self.bound.service.errors


class RestJsonProtocol:
    """Dispatches by method and path to the services it is given."""

    def __init__(
        self,
        broker: Broker,
        services: Iterable[BoundService],
        deferred: Iterable[Deferred[BoundService]] = (),
        access: Access | None = None,
    ) -> None:
        """The keys of services that are deferred are the first segments of their paths. Without `access` nobody is
        refused."""
        self._broker = broker
        self._access = access
        self._router: Router[_Target] = Router()
        self._kept = lru_cache(maxsize=1024)(self._router.find)  # a client calls a few paths many times
        self._waiting = Waiting(deferred, self._add)
        for bound in services:
            self._add(bound)

    def _add(self, bound: BoundService) -> None:
        for action in bound.service.actions.values():
            self._router.add(action.method, action.template, _Target(action, bound))
        self._kept.cache_clear()

    def _find(self, method: str, path: str) -> Found[_Target] | None:
        return (self._kept if len(path) <= LONGEST_CHARS else self._router.find)(method, path)

    def claims(self, request: Request) -> bool:
        root = _root(request.path)
        return root != "" and (root in self._router.roots or root in self._waiting)

    def body_limit(self, method: str, path: str) -> int:
        """With some slack, so that what is a little too large gets the service's own answer."""
        most = self._waiting.body_max_bytes(_root(path))
        found = self._find(method, path)
        if found is not None:
            most = max(most, *(leaf.target.action.body_max_bytes for leaf in found.leaves))
        return BODY_MAX_BYTES if most <= BODY_MAX_BYTES else most + _SLACK_BYTES

    async def answer(self, request: Request, request_id: str) -> Response | StreamingResponse:
        if (root := _root(request.path)) in self._waiting:
            await self._waiting.load(root)
        found = self._find(request.method, request.path)
        leaf = None if found is None else _choose(found, request)
        if found is None or leaf is None:
            return xml_error("AccessDeniedException", 403, _NO_ACTION)
        target = leaf.target
        try:
            return await self._run(request, request_id, target, values_of(leaf, found))
        except Exception as error:  # noqa: BLE001  what is no answer is logged in _told
            return _error(_told(error, target, request_id), target)

    async def _run(
        self, request: Request, request_id: str, target: _Target, labels: Mapping[str, str]
    ) -> Response | StreamingResponse:
        action = target.action
        if len(request.body) > action.body_max_bytes:
            raise target.errors.too_large(action.name, action.body_max_bytes)
        scope = scope_of(_identity(request), self._broker.settings.scope)
        call = Call(self._broker, scope, request_id, JSON, request)
        if self._access is None:
            input_ = read_input(action.input, request, labels)
        else:
            call, input_ = self._access.admit(
                call, action.operation, lambda: read_input(action.input, request, labels), "rest"
            )
        output = await action.handler(target.bound.app, call, input_)
        return _answer(output, action)

    def start_draining(self) -> None:
        """Nothing here waits for something new."""

    def __repr__(self) -> str:
        return f"<RestJsonProtocol {sorted(self._router.roots)}>"


def _root(path: str) -> str:
    """The first segment of a path."""
    return path[1:].partition("/")[0]


def _choose(found: Found[_Target], request: Request) -> Leaf[_Target] | None:
    """Of several actions on a path the one whose demands the query meets, and of several services the one it is signed
    for."""
    if len(found.leaves) == 1 and not found.leaves[0].demanded:
        return found.leaves[0]
    query = set(request.query.split("&")) if request.query else set()
    fitting = [leaf for leaf in found.leaves if leaf.demanded <= query]
    names = {leaf.target.bound.service.name for leaf in fitting}
    if len(names) > 1:
        signed_for = _signed_for(request)
        fitting = [leaf for leaf in fitting if leaf.target.bound.service.name == signed_for] or fitting
    return fitting[0] if fitting else None


def _signed_for(request: Request) -> str:
    """The service in the signature; empty when there is none, which is told later."""
    try:
        return _identity(request).service
    except AwsError:
        return ""


def _identity(request: Request) -> Identity:
    """Who signed. Raises AwsError with the status that REST services give."""
    signed_in_query = "X-Amz-Algorithm" in request.query
    try:
        return identify(request.headers, request.query if signed_in_query else "")
    except AwsError as error:
        raise AwsError(error.code, 403 if error.code in _UNSIGNED else error.status, error.message) from None


def _answer(output: RestOutput, action: RestAction) -> Response | StreamingResponse:
    if isinstance(output, Response | StreamingResponse):
        return msgspec.structs.replace(output, operation=action.operation)
    if output is None:
        return Response(action.status, {}, operation=action.operation)
    written = write_output(output)
    status = action.status if written.status is None else written.status
    headers = written.headers if status == 204 else {"content-type": "application/json", **written.headers}
    return Response(status, headers, written.body, operation=action.operation)


def _told(error: Exception, target: _Target, request_id: str) -> AwsError:
    told = target.errors.from_exception(error)
    if told is None:
        log.exception("request %s failed", request_id)
        return target.errors.fault()
    return told


def _error(error: AwsError, target: _Target) -> Response:
    headers = {"content-type": "application/json", "x-amzn-ErrorType": error.code}
    body: dict[str, Any] = target.errors.body(error)
    if isinstance(error, RestError):
        headers |= error.headers
        body |= error.members
    text = msgspec.json.encode(body)
    return Response(error.status, headers, text, operation=target.action.operation, error=error.code)


__all__ = ["BoundService", "ErrorForms", "RestError", "RestJsonProtocol", "RestService"]
