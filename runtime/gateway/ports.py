"""What gateways need of others, as calls: functions, other services of the endpoint, HTTP servers, logs.

A port is given where the gateway is composed, so that none of these is imported here and tests bring their own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import msgspec

from runtime.model.invocation import Outcome
from streamcore.model.stream import Scope


class Behalf(msgspec.Struct, frozen=True):
    """For what a gateway calls something: the ARN of the method or the authorizer, and the role that it was given."""

    source_arn: str = ""
    role: str | None = None

    @property
    def account(self) -> str:
        return self.source_arn.split(":")[4] if self.source_arn else ""


NOTHING: Final = Behalf()


class NotAssumed(Exception):
    """The role that a call was to be made by cannot be had."""


class Door(Protocol):
    """Who sends one request, where authentication is on. ARNs are those of methods. All raise Refused."""

    def admit_signed(self, arn: str, scope: Scope) -> dict[str, str]:
        """For a method of type AWS_IAM; what it adds to `$context.identity`."""

    def admit_anybody(self, arn: str, scope: Scope) -> None:
        """For a method that asks nobody."""

    def check_denied(self, arn: str) -> None:
        """For a method with an authorizer, before that is asked."""


class CallFunction(Protocol):
    """Runs a function by name, partial ARN or ARN. Raises FunctionsError."""

    def __call__(
        self, name: str, event: bytes, *, scope: Scope, request_id: str, behalf: Behalf = NOTHING
    ) -> Awaitable[Outcome]: ...


class QueueFunction(Protocol):
    """Takes an asynchronous invocation. Raises FunctionsError."""

    def __call__(
        self, name: str, event: bytes, scope: Scope, *, request_id: str, behalf: Behalf = NOTHING
    ) -> Awaitable[None]: ...


class HttpCall(msgspec.Struct, frozen=True, kw_only=True):
    """A request that goes out. `url` is whole, with its query string, percent-encoded."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes
    timeout_s: float


class HttpResult(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class HttpCallError(Exception):
    """No answer: nobody is there, it is no HTTP, or it is too large. A TimeoutError is one that came too late."""


class CallHttp(Protocol):
    """Raises HttpCallError, TimeoutError."""

    def __call__(self, call: HttpCall) -> Awaitable[HttpResult]: ...


class ServiceCall(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a service of this endpoint, as its clients make it, but for the signature: `scope` is who asks."""

    service: str
    scope: Scope
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    behalf: Behalf = NOTHING


#: Raises NotAssumed; else only when it is cancelled: faults are answers.
CallService = Callable[[ServiceCall], Awaitable[HttpResult]]
#: (ARN of a log group, stream, time in ms, line); never waits, never raises.
WriteLog = Callable[[str, str, int, str], None]


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    call_function: CallFunction
    queue_function: QueueFunction
    call_service: CallService
    call_http: CallHttp
    write_log: WriteLog
