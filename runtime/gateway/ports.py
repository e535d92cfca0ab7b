"""What gateways need of others, as calls: functions, other services of the endpoint, HTTP servers, logs.

A port is given where the gateway is composed, so that none of these is imported here and tests bring their own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from runtime.model.invocation import Outcome
from streamcore.model.stream import Scope


class CallFunction(Protocol):
    """Runs a function by name, partial ARN or ARN. Raises FunctionsError."""

    def __call__(self, name: str, event: bytes, *, scope: Scope, request_id: str) -> Awaitable[Outcome]: ...


class QueueFunction(Protocol):
    """Takes an asynchronous invocation. Raises FunctionsError."""

    def __call__(self, name: str, event: bytes, scope: Scope, *, request_id: str) -> Awaitable[None]: ...


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


#: Never raises but when it is cancelled: faults are answers.
CallService = Callable[[ServiceCall], Awaitable[HttpResult]]
#: (ARN of a log group, stream, time in ms, line); never waits, never raises.
WriteLog = Callable[[str, str, int, str], None]


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    call_function: CallFunction
    queue_function: QueueFunction
    call_service: CallService
    call_http: CallHttp
    write_log: WriteLog
