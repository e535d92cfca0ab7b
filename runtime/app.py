"""Functions on top of a broker: the one door of this package.

@function(timeout_s=10)
def count(event, context): ...

async with open_broker("data/") as broker, Functions(broker) as functions:
    mapping = await functions.map("orders", count, batch_size=500)
    await mapping.drained()
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from functools import partial
from types import TracebackType
from typing import Final, Self

import msgspec

from runtime.errors import InvalidParameterError
from runtime.mappings.mapping import Mapping
from runtime.mappings.poller import Form, OnOutcome
from runtime.model.function import FunctionSpec
from runtime.model.invocation import Outcome
from runtime.model.mapping import MappingConfig, StartingPosition
from runtime.registry import Handler, spec_of
from runtime.sources import kinesis
from runtime.workers.pool import PoolStats, WorkerPool
from runtime.workers.sinks import InvocationSink
from streamcore.broker import Broker
from streamcore.errors import StreamNotFound
from streamcore.model.stream import ShardInfo

log = logging.getLogger(__name__)

_MAPPINGS: Final = "mapping"
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(MappingConfig)


class Functions:
    """Runs handlers in worker processes and feeds them from streams.

    Mappings are kept in the broker: after a restart one goes on where it was as soon as its function is registered
    again. Worker processes are started when the first function is invoked.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        workers: int | None = None,
        idle_timeout_s: float = 300.0,
        preload: tuple[str, ...] = (),
        sink: InvocationSink | None = None,
    ) -> None:
        self._broker = broker
        self._pool = WorkerPool(
            workers or broker.settings.workers,
            idle_timeout_s,
            preload=preload,
            sink=sink or _ProgramLog(),
        )
        self._pool_started: asyncio.Task[None] | None = None
        self._specs: dict[str, FunctionSpec] = {}
        self._configs: dict[str, MappingConfig] = {}
        self.mappings: dict[str, Mapping] = {}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Finds the mappings that the broker keeps; they begin when their functions are registered."""
        for text in (await self._broker.documents(_MAPPINGS)).values():
            config = _DECODER.decode(text)
            self._configs[config.uuid] = config

    async def close(self) -> None:
        """Lets batches in progress end, keeps positions, ends the workers."""
        await asyncio.gather(*(mapping.stop() for mapping in self.mappings.values()))
        if self._pool_started is not None:
            await asyncio.wait([self._pool_started])
            await self._pool.close()

    async def register(self, handler: Handler | FunctionSpec) -> FunctionSpec:
        """Makes a function known, replacing one of its name; mappings to it that were kept go on.

        Raises InvalidFunctionError.
        """
        spec = handler if isinstance(handler, FunctionSpec) else spec_of(handler)
        self._specs[spec.name] = spec
        for config in self._configs.values():
            if config.function_name == spec.name and config.uuid not in self.mappings:
                try:
                    await self._begin(config)
                except StreamNotFound as error:
                    log.warning("the mapping %s stays idle: %s", config.uuid, error)
        return spec

    async def invoke(self, name: str, event: bytes) -> Outcome:
        """Runs a registered function once. Raises InvalidParameterError for an unknown one; else as `WorkerPool`."""
        spec = self._specs.get(name)
        if spec is None:
            raise InvalidParameterError("function_name", name, "must be a registered function")
        await self._start_pool()
        return await self._pool.invoke(spec, event)

    async def warm(self, handler: Handler | FunctionSpec, count: int = 1) -> int:
        """Registers a function and starts `count` workers for it ahead of its first event; how many are ready."""
        spec = await self.register(handler)
        await self._start_pool()
        return await self._pool.warm(spec, count)

    async def map(
        self,
        stream: str,
        handler: Handler | FunctionSpec,
        *,
        batch_size: int = 100,
        maximum_batching_window_s: float = 0.0,
        starting_position: str = "TRIM_HORIZON",
        starting_position_timestamp_ms: int | None = None,
        maximum_retry_attempts: int = -1,
        maximum_record_age_s: int = -1,
        bisect_batch_on_function_error: bool = False,
        report_batch_item_failures: bool = False,
        on_outcome: OnOutcome | None = None,
    ) -> Mapping:
        """Feeds the function with the stream's records. A mapping of this stream to this function that was kept goes on
        from its positions, with these settings. `on_outcome` hears of each invocation (shard id, records, outcome).

        Raises StreamNotFound, InvalidMappingError.
        """
        spec = handler if isinstance(handler, FunctionSpec) else spec_of(handler)
        self._specs[spec.name] = spec
        arn = self._broker.describe_stream(stream).arn
        kept = next((c for c in self._configs.values() if (c.stream, c.function_name) == (arn, spec.name)), None)
        config = MappingConfig(
            uuid=kept.uuid if kept else str(uuid.uuid4()),
            stream=arn,
            function_name=spec.name,
            starting_position=StartingPosition(starting_position),
            starting_position_timestamp_ms=starting_position_timestamp_ms,
            batch_size=batch_size,
            maximum_batching_window_ms=round(maximum_batching_window_s * 1000),
            maximum_retry_attempts=maximum_retry_attempts,
            maximum_record_age_s=maximum_record_age_s,
            bisect_batch_on_function_error=bisect_batch_on_function_error,
            report_batch_item_failures=report_batch_item_failures,
        )
        if config.uuid in self.mappings:
            await self.mappings.pop(config.uuid).stop()
        await self._broker.save_document(_MAPPINGS, config.uuid, _ENCODER.encode(config))
        self._configs[config.uuid] = config
        return await self._begin(config, on_outcome)

    async def unmap(self, mapping: Mapping) -> None:
        """Stops a mapping for good and forgets its positions."""
        config = mapping.config
        self.mappings.pop(config.uuid, None)
        self._configs.pop(config.uuid, None)
        await mapping.stop()
        await self._broker.save_document(_MAPPINGS, config.uuid, None)
        try:
            await self._broker.delete_checkpoints(config.stream, f"mapping:{config.uuid}")
        except StreamNotFound:
            log.debug("the positions of %r went with its stream", mapping)

    def stats(self) -> PoolStats:
        """What the workers are doing, and counters per function."""
        return self._pool.stats()

    # ------------------------------------------------------------

    async def _begin(self, config: MappingConfig, on_outcome: OnOutcome | None = None) -> Mapping:
        form_of, invoke = partial(_kinesis_form, config.stream), partial(self.invoke, config.function_name)
        mapping = Mapping(self._broker, config, form_of, invoke, on_outcome)
        await mapping.start()
        self.mappings[config.uuid] = mapping
        return mapping

    async def _start_pool(self) -> None:
        if self._pool_started is None:
            self._pool_started = asyncio.get_running_loop().create_task(self._pool.start())
        if not self._pool_started.done() or self._pool_started.exception() is not None:
            await asyncio.shield(self._pool_started)


def _kinesis_form(stream_arn: str, shard: ShardInfo) -> Form:
    return Form(kinesis.KinesisRenderer(stream_arn, shard).render, kinesis.event, kinesis.OVERHEAD_BYTES)


class _ProgramLog:
    """What a function prints goes to the program's log, under the function's name."""

    def began(self, spec: FunctionSpec, log_stream: str, request_id: str) -> None:
        """See `InvocationSink`."""

    def ended(self, spec: FunctionSpec, log_stream: str, outcome: Outcome) -> None:
        """See `InvocationSink`."""

    def output(self, spec: FunctionSpec, log_stream: str, data: bytes) -> None:
        """See `InvocationSink`."""
        logger = logging.getLogger(f"streamcore.function.{spec.name}")
        for line in data.decode(errors="replace").splitlines():
            if line.strip():
                logger.info("%s", line)


__all__ = ["Functions", "Handler", "Mapping"]
