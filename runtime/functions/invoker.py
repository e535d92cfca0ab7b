"""From a name to a run: finds the function, version or alias, holds it to its concurrency, gives it to the workers.

Warm invocations are the hot path: what a name comes to is looked up once and kept until that function changes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Final, Protocol

import msgspec

from runtime.errors import EventTooLargeError, InvalidValueError, PoolBusyError, ThrottledError
from runtime.functions.catalog import Catalog
from runtime.functions.folder import fingerprint
from runtime.functions.specs import spec_of_configuration
from runtime.model.concurrency import admit, unreserved
from runtime.model.configuration import check_invocable
from runtime.model.function import FunctionSpec
from runtime.model.invocation import MAX_PAYLOAD_BYTES, Invoked, Outcome
from runtime.model.names import LATEST, FunctionKey, FunctionRef, parse_function
from runtime.model.versions import Alias, pick
from runtime.workers.stream import ResponseStream
from streamcore.model.stream import Scope

#: The most that an asynchronous invocation takes (AWS Lambda quotas, 2025).
ASYNC_MAX_BYTES: Final = 1_048_576
#: What is kept of names that were looked up.
RESOLVED_MAX: Final = 4096


class Target(msgspec.Struct, frozen=True):
    """A version that can be run. `arn` is the one it was invoked by; `folder` is code that is read where it lies."""

    key: FunctionKey
    version: str
    arn: str
    spec: FunctionSpec
    folder: str = ""


class Run(Protocol):
    """The worker pool's `invoke`."""

    def __call__(
        self,
        spec: FunctionSpec,
        event: bytes,
        *,
        request_id: str | None,
        client_context: str | None,
        trace_id: str | None,
        invoked_arn: str | None,
        stream: ResponseStream | None,
    ) -> Awaitable[Outcome]: ...


class AsyncQueue(Protocol):
    """Where asynchronous invocations wait; durable."""

    async def enqueue(
        self, ref: FunctionRef, event: bytes, *, request_id: str, client_context: str | None, trace_id: str | None
    ) -> None:
        """Returns when the event is kept: it will be handed to the function at least once, or to its destinations."""


class _Resolved(msgspec.Struct, frozen=True):
    """What a name comes to: an alias may lead to two targets."""

    ref: FunctionRef
    alias: Alias | None
    targets: dict[str, Target]
    reserved: int | None


class Invoker:
    """Runs functions by name. `run` is the pool's; `queue` takes asynchronous invocations if there is one."""

    def __init__(
        self,
        catalog: Catalog,
        run: Run,
        random: Random | None = None,
        on_throttled: Callable[[FunctionSpec], None] | None = None,
    ) -> None:
        self._catalog = catalog
        self._run = run
        self._on_throttled = on_throttled
        self._random = random or Random()
        self.queue: AsyncQueue | None = None
        self._resolved: dict[tuple[Scope, str, str | None], _Resolved] = {}
        self._left: dict[Scope, int] = {}
        self._running: Counter[FunctionKey] = Counter()
        self._running_unreserved: Counter[Scope] = Counter()
        catalog.on_change.append(self.forget)
        catalog.is_busy = lambda key: self._running[key] > 0

    async def invoke(
        self,
        name: str,
        event: bytes,
        scope: Scope,
        *,
        qualifier: str | None = None,
        request_id: str | None = None,
        client_context: str | None = None,
        trace_id: str | None = None,
        stream: ResponseStream | None = None,
    ) -> Invoked:
        """Runs a function once and returns what came of it; with `stream`, the result goes there as it comes.

        Raises NotFoundError, ConflictError (it is Pending), ThrottledError, EventTooLargeError, InvalidValueError, and
        what the pool raises.
        """
        if len(event) > MAX_PAYLOAD_BYTES:
            raise EventTooLargeError(len(event), MAX_PAYLOAD_BYTES)
        resolved = self._resolve(name, qualifier, scope)
        target = self._choose(resolved)
        key, reserved = resolved.ref.key, resolved.reserved
        try:
            self._admit(key, reserved)
        except ThrottledError:
            if self._on_throttled is not None:
                self._on_throttled(target.spec)
            raise
        try:
            spec = target.spec if not target.folder else await asyncio.to_thread(_present, target)
            outcome = await self._run(
                spec,
                event,
                request_id=request_id,
                client_context=client_context,
                trace_id=trace_id,
                invoked_arn=target.arn,
                stream=stream,
            )
        except PoolBusyError:
            raise ThrottledError("ConcurrentInvocationLimitExceeded") from None
        finally:
            self._leave(key, reserved)
        return Invoked(outcome, target.version, spec)

    async def enqueue(
        self,
        name: str,
        event: bytes,
        scope: Scope,
        *,
        qualifier: str | None = None,
        request_id: str,
        client_context: str | None = None,
        trace_id: str | None = None,
    ) -> None:
        """Takes an asynchronous invocation. Raises NotFoundError, ConflictError, EventTooLargeError, and
        InvalidValueError when there is no queue."""
        if len(event) > ASYNC_MAX_BYTES:
            raise EventTooLargeError(len(event), ASYNC_MAX_BYTES, "Event")
        ref = self._resolve(name, qualifier, scope).ref
        if self.queue is None:
            raise InvalidValueError("InvocationType Event is not available here; use RequestResponse.")
        await self.queue.enqueue(ref, event, request_id=request_id, client_context=client_context, trace_id=trace_id)

    def target(self, name: str, scope: Scope, *, qualifier: str | None = None) -> Target:
        """The version that would run now. Raises NotFoundError, ConflictError, InvalidValueError."""
        return self._choose(self._resolve(name, qualifier, scope))

    def running(self, key: FunctionKey) -> int:
        """Invocations of a function that are under way."""
        return self._running[key]

    def forget(self, key: FunctionKey) -> None:
        """A function has changed: names are looked up again."""
        self.forget_all()

    def forget_all(self) -> None:
        """The same for all functions."""
        self._resolved.clear()
        self._left.clear()

    # ------------------------------------------------------------

    def _resolve(self, name: str, qualifier: str | None, scope: Scope) -> _Resolved:
        asked = (scope, name, qualifier)
        found = self._resolved.get(asked)
        if found is None:
            found = self._look_up(parse_function(name, qualifier, scope))
            if len(self._resolved) >= RESOLVED_MAX:
                self._resolved.clear()
            self._resolved[asked] = found
        return found

    def _look_up(self, ref: FunctionRef) -> _Resolved:
        local = self._catalog.handler(ref)
        if local is not None:
            target = Target(ref.key, LATEST, ref.arn, local)
            return _Resolved(ref, None, {LATEST: target}, None)
        first = self._catalog.configuration(ref)
        alias = self._catalog.aliases.get(ref.key, ref.qualifier or "")
        versions = [first.version] if alias is None else [alias.version, *alias.weights]
        targets = {version: self._target(ref, version) for version in versions}
        return _Resolved(ref, alias, targets, self._catalog.function(ref.key).reserved)

    def _target(self, ref: FunctionRef, version: str) -> Target:
        configuration = self._catalog.configuration(FunctionRef(ref.key, version))
        check_invocable(configuration)
        spec = spec_of_configuration(self._catalog, configuration)
        return Target(ref.key, version, ref.arn, spec, configuration.code.folder)

    def _choose(self, resolved: _Resolved) -> Target:
        if resolved.alias is None or not resolved.alias.weights:
            return next(iter(resolved.targets.values()))
        return resolved.targets[pick(resolved.alias, self._random.random())]

    def _admit(self, key: FunctionKey, reserved: int | None) -> None:
        scope = key.scope
        left = self._left.get(scope)
        if left is None:
            left = self._left[scope] = unreserved(self._catalog.reserved(scope))
        admit(self._running[key], reserved, self._running_unreserved[scope], left)
        self._running[key] += 1
        self._running_unreserved[scope] += reserved is None

    def _leave(self, key: FunctionKey, reserved: int | None) -> None:
        self._running_unreserved[key.scope] -= reserved is None
        self._running[key] -= 1
        if not self._running[key]:
            del self._running[key]
            self._catalog.rested(key)


def _present(target: Target) -> FunctionSpec:
    """The spec of a folder's present state: another state retires the workers that have the old one loaded."""
    return msgspec.structs.replace(target.spec, code_sha256=fingerprint(target.folder))


Check = Callable[[str, str, tuple[str, ...]], None]
"""(runtime, handler, architectures): raises RuntimeUnavailableError when the machine cannot run that."""

__all__ = ["AsyncQueue", "Check", "Invoked", "Invoker", "Run", "Target"]
