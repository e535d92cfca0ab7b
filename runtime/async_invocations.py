"""Asynchronous invocations end to end: the catalogue's settings, the durable queue, the invoker, the destinations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from runtime.asynchronous.queue import AsyncQueue
from runtime.destinations.router import Destinations
from runtime.errors import (
    FunctionGoneError,
    FunctionsError,
    NotFoundError,
    QueueFullError,
    ThrottledError,
    ZeroConcurrencyError,
)
from runtime.functions.catalog import Catalog
from runtime.functions.invoker import Invoker
from runtime.model.asynchronous import MAX_AGE_S, MAX_RETRIES, Policy, QueuedEvent, Result
from runtime.model.function import FunctionSpec
from runtime.model.names import LATEST, FunctionKey, FunctionRef, parse_function_arn
from runtime.telemetry.functions import FunctionMeter
from streamcore.broker import Broker

_NO_RESERVATION: Final = -1


class AsyncInvocations:
    """Takes events for functions and sees to it that they are run, retried, and told of. An `invoker.AsyncQueue`."""

    def __init__(
        self,
        broker: Broker,
        catalog: Catalog,
        invoker: Invoker,
        destinations: Destinations,
        meter: FunctionMeter | None = None,
    ) -> None:
        self._catalog = catalog
        self._invoker = invoker
        observer = None if meter is None else _Metered(invoker, meter)
        self.queue = AsyncQueue(broker, self._invoke, self._policy_of, destinations.send, observer=observer)

    async def start(self) -> None:
        """Goes on with what was in the queue."""
        await self.queue.start()

    async def close(self) -> None:
        await self.queue.close()

    async def enqueue(
        self, ref: FunctionRef, event: bytes, *, request_id: str, client_context: str | None, trace_id: str | None
    ) -> None:
        """Returns when the event is durable. Raises ThrottledError when the queue is full, EventTooLargeError."""
        try:
            await self.queue.enqueue(
                ref.key.arn, ref.qualifier or "", event, request_id, client_context=client_context, trace_id=trace_id
            )
        except QueueFullError:
            raise ThrottledError("CallerRateLimitExceeded") from None

    async def _invoke(self, event: QueuedEvent, payload: bytes) -> Result:
        ref = self._ref(event)
        if self._reserved(ref.key) == 0:
            raise ZeroConcurrencyError(event.function_arn)
        try:
            done = await self._invoker.invoke(
                event.function_arn,
                payload,
                ref.key.scope,
                qualifier=ref.qualifier,
                request_id=event.request_id,
                client_context=event.client_context,
                trace_id=event.trace_id,
            )
        except NotFoundError:
            raise FunctionGoneError(event.function_arn) from None
        outcome = done.outcome
        return Result(payload=outcome.payload, executed_version=done.version, function_error=outcome.function_error)

    def _policy_of(self, event: QueuedEvent) -> Policy:
        """What is set for the version or alias that was invoked."""
        ref = self._ref(event)
        try:
            configuration = self._catalog.configuration(ref)
        except NotFoundError:
            raise FunctionGoneError(event.function_arn) from None
        config = self._catalog.invoke_configs.get(ref.key, ref.qualifier or LATEST)
        dead_letter = (configuration.dead_letter or {}).get("TargetArn") or ""
        if config is None:
            return Policy(dead_letter=dead_letter)
        return Policy(
            maximum_retry_attempts=MAX_RETRIES if config.retries is None else config.retries,
            maximum_event_age_s=MAX_AGE_S if config.age_s is None else config.age_s,
            on_success=config.destination("OnSuccess") or "",
            on_failure=config.destination("OnFailure") or "",
            dead_letter=dead_letter,
        )

    def _ref(self, event: QueuedEvent) -> FunctionRef:
        found = parse_function_arn(event.function_arn)
        assert found is not None, event.function_arn
        return FunctionRef(found.key, event.qualifier or None)

    def _reserved(self, key: FunctionKey) -> int:
        try:
            reserved = self._catalog.function(key).reserved
        except NotFoundError:
            raise FunctionGoneError(key.arn) from None
        return _NO_RESERVATION if reserved is None else reserved


class _Metered:
    """A `QueueObserver` that counts under the function's name."""

    def __init__(self, invoker: Invoker, meter: FunctionMeter) -> None:
        self._invoker = invoker
        self._meter = meter

    def received(self, event: QueuedEvent) -> None:
        self._tell(event, self._meter.async_received)

    def attempted(self, event: QueuedEvent, age_ms: int) -> None:
        self._tell(event, lambda spec: self._meter.async_age(spec, age_ms))

    def dropped(self, event: QueuedEvent) -> None:
        self._tell(event, self._meter.async_dropped)

    def destination_failed(self, event: QueuedEvent) -> None:
        self._tell(event, self._meter.destination_error)

    def dead_letter_failed(self, event: QueuedEvent) -> None:
        self._tell(event, self._meter.dead_letter_error)

    def _tell(self, event: QueuedEvent, record: Callable[[FunctionSpec], None]) -> None:
        ref = parse_function_arn(event.function_arn)
        assert ref is not None
        try:
            spec = self._invoker.target(event.function_arn, ref.key.scope, qualifier=event.qualifier or None).spec
        except FunctionsError:
            return  # it is gone, and its metrics with it
        record(spec)
