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
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Final, Protocol, Self

import msgspec

from runtime.async_invocations import AsyncInvocations
from runtime.credentials import credentials
from runtime.destinations.function import to_function
from runtime.destinations.kinesis import to_stream
from runtime.destinations.router import Destinations
from runtime.errors import InvalidParameterError, InvalidValueError, NotFoundError
from runtime.functions.catalog import Catalog
from runtime.functions.code import CodeStore
from runtime.functions.downloads import Downloads
from runtime.functions.folder import BUCKET, check_folder
from runtime.functions.invoker import Check, Invoked, Invoker
from runtime.functions.provisioning import Provisioning
from runtime.mappings.event_source_mappings import EventSourceMappings
from runtime.mappings.failures import FailureReports
from runtime.mappings.mapping import FormOf, Mapping
from runtime.mappings.poller import Form, OnOutcome
from runtime.mappings.queue_mapping import QueueForm
from runtime.mappings.tools import Tools
from runtime.model.event_source_mapping import MappingRecord
from runtime.model.filtering import RecordFilter, selection
from runtime.model.function import FunctionSpec
from runtime.model.invocation import Outcome
from runtime.model.mapping import MappingConfig, StartingPosition, State
from runtime.model.names import LATEST, FunctionKey, parse_function_arn
from runtime.model.queue_settings import QueueRecord
from runtime.model.sandbox import SandboxSettings
from runtime.registry import Handler, spec_of
from runtime.sources import kinesis, sqs
from runtime.telemetry.functions import FunctionMeter
from runtime.workers.pool import PoolStats, WorkerPool
from runtime.workers.sinks import InvocationSink
from runtime.workers.stream import ResponseStream
from streamcore.broker import Broker
from streamcore.model.stream import Scope, ShardInfo

log = logging.getLogger(__name__)

#: Code of functions, below the data folder.
FOLDER: Final = "functions"
_NO_OBJECTS: Final = (
    "S3Bucket and S3Key need an S3 service, and this endpoint has none. "
    f'Give the code as ZipFile, or S3Bucket="{BUCKET}" and S3Key=<absolute folder>.'
)


class FetchObject(Protocol):
    """Reads an object of an S3 service. Raises InvalidValueError in AWS's words when it cannot be had."""

    async def __call__(self, bucket: str, key: str, version: str | None) -> bytes: ...


#: The variables with which a worker of a function signs.
CredentialsOf = Callable[[FunctionSpec], dict[str, str]]


def _any_runtime(runtime: str, handler: str, architectures: tuple[str, ...]) -> None:
    """The check that refuses nothing."""


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
        check_runtime: Check = _any_runtime,
        fetch_object: FetchObject | None = None,
        sandbox: SandboxSettings | None = None,
        endpoint: asyncio.Future[str] | None = None,
        meter: FunctionMeter | None = None,
        credentials_of: CredentialsOf | None = None,
        worker_max_age_s: float | None = None,
        guarded: Callable[[Functions], Destinations] | None = None,
        may_read: Callable[[str, str, str], bool] | None = None,
        code_folders: Sequence[str] | None = None,
    ) -> None:
        """`check_runtime` is asked when a function is created or its runtime changes; `fetch_object` reads code that is
        given by bucket and key; `sandbox` is what workers are kept in; `endpoint` will be the URL that functions reach
        the AWS services by: no worker is started before it is known; `meter` counts what `sink` does not hear of;
        `credentials_of` gives a worker its keys, which are good for `worker_max_age_s` and some more; `guarded` makes
        of `destinations` those that policies guard; `may_read` says whether a role may read a stream or queue, by a
        consumer or not; below `code_folders` code may be run where it lies, None is anywhere."""
        self._broker = broker
        self._code_folders = code_folders
        self.check_runtime = check_runtime
        self._fetch_object = fetch_object
        self._pool = WorkerPool(
            workers or broker.settings.workers,
            idle_timeout_s,
            preload=preload,
            sink=sink or _ProgramLog(),
            environment_of=self._environment_of,
            sandbox=sandbox or _hidden(broker),
            worker_max_age_s=worker_max_age_s,
        )
        self._credentials_of = credentials_of
        self._endpoint = endpoint
        self._meter = meter
        self._pool_started: asyncio.Task[None] | None = None
        self._specs: dict[str, FunctionSpec] = {}
        self.code = CodeStore(None if broker.folder is None else broker.folder / FOLDER)
        self.catalog = Catalog(broker, self.code, self._specs)
        self.invoker = Invoker(self.catalog, self._run, on_throttled=None if meter is None else meter.throttled)
        self.provisioning = Provisioning(self.catalog, self._warm)
        self.downloads = Downloads(self.code)
        self.catalog.on_change.append(self._retire_deleted)
        self.destinations = Destinations()
        self.destinations.add("kinesis", to_stream(broker))
        #: What is told of outcomes, and what other services send, goes by these.
        self.guarded = self.destinations if guarded is None else guarded(self)
        self.asynchronous = AsyncInvocations(broker, self.catalog, self.invoker, self.guarded, meter)
        self.invoker.queue = self.asynchronous
        self.destinations.add("lambda", to_function(self.invoker))
        reports = FailureReports(broker, self.guarded)
        self.event_source_mappings = EventSourceMappings(
            broker,
            self.invoker,
            _forms_of,
            reports,
            _queue_form,
            workers or broker.settings.workers,
            None if meter is None else meter.iterator_age,
            None if may_read is None else partial(self._may_read, may_read),
        )
        self.mapping_tools = Tools(broker, self.event_source_mappings)
        self.catalog.on_change.append(self.event_source_mappings.function_changed)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Finds the functions and the mappings that the broker keeps; mappings to handlers of the program begin when
        those are registered."""
        await self.catalog.start()
        await self.asynchronous.start()
        self.provisioning.start()
        await self.event_source_mappings.start()

    async def close(self) -> None:
        """Lets batches in progress end, keeps positions, ends the workers."""
        await asyncio.gather(self.asynchronous.close(), self.event_source_mappings.close())
        await self.provisioning.close()
        if self._pool_started is not None:
            await asyncio.wait([self._pool_started])
            await self._pool.close()
        await self.catalog.close()

    async def register(self, handler: Handler | FunctionSpec) -> FunctionSpec:
        """Makes a function known, replacing one of its name; mappings to it that were kept go on.

        Raises InvalidFunctionError.
        """
        spec = handler if isinstance(handler, FunctionSpec) else spec_of(handler)
        self._specs[spec.name] = spec
        self.invoker.forget_all()
        await self.event_source_mappings.function_there(self._key_of(spec))
        return spec

    async def invoke(self, name: str, event: bytes, *, qualifier: str | None = None) -> Outcome:
        """Runs a function once: a registered one, or one of the catalogue by name, partial ARN or ARN.

        Raises InvalidParameterError for an unknown one; else as `Invoker.invoke`.
        """
        try:
            return (await self.call(name, event, qualifier=qualifier)).outcome
        except NotFoundError:
            raise InvalidParameterError("function_name", name, "must be a registered function") from None

    async def call(
        self,
        name: str,
        event: bytes,
        *,
        scope: Scope | None = None,
        qualifier: str | None = None,
        request_id: str | None = None,
        client_context: str | None = None,
        trace_id: str | None = None,
        stream: ResponseStream | None = None,
    ) -> Invoked:
        """The same with all that a caller over HTTP says, and with the version that ran. As `Invoker.invoke`."""
        return await self.invoker.invoke(
            name,
            event,
            scope or self._broker.settings.scope,
            qualifier=qualifier,
            request_id=request_id,
            client_context=client_context,
            trace_id=trace_id,
            stream=stream,
        )

    def role_of(self, arn: str) -> str:
        """The execution role of a function, version or alias; empty for one that is not there."""
        ref = parse_function_arn(arn)
        try:
            return "" if ref is None else self.catalog.configuration(ref).role
        except NotFoundError:
            return ""

    def _may_read(self, may_read: Callable[[str, str, str], bool], record: MappingRecord) -> bool:
        return may_read(self.role_of(record.function_arn), record.config.stream, record.config.consumer or "")

    async def fetch_code(self, bucket: str, key: str, version: str | None) -> bytes:
        """An archive that is given by bucket and key. Raises InvalidValueError."""
        if self._fetch_object is None:
            raise InvalidValueError(_NO_OBJECTS)
        return await self._fetch_object(bucket, key, version)

    async def check_folder(self, path: str) -> str:
        """A folder whose code is run where it lies. Raises InvalidValueError."""
        return await asyncio.to_thread(check_folder, path, self._code_folders)

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
        parallelization_factor: int = 1,
        tumbling_window_s: int = 0,
        filters: Sequence[str] = (),
        on_failure: str = "",
        on_outcome: OnOutcome | None = None,
    ) -> Mapping:
        """Feeds the function with the stream's records. A mapping of this stream to this function that was kept goes on
        from its positions, with these settings. `on_outcome` hears of each invocation (shard id, records, outcome).

        Raises StreamNotFound, InvalidMappingError.
        """
        spec = handler if isinstance(handler, FunctionSpec) else spec_of(handler)
        self._specs[spec.name] = spec
        arn = self._broker.describe_stream(stream).arn
        kept = self.event_source_mappings.find(arn, self._key_of(spec).arn)
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
            parallelization_factor=parallelization_factor,
            tumbling_window_s=tumbling_window_s,
            filters=tuple(filters),
            on_failure=on_failure,
        )
        return await self.event_source_mappings.put(self._record_of(config), on_outcome)

    async def unmap(self, mapping: Mapping) -> None:
        """Stops a mapping for good and forgets its positions."""
        await self.event_source_mappings.remove(mapping.config.uuid)

    @property
    def mappings(self) -> dict[str, Mapping]:
        """The mappings from streams that are at work, by UUID."""
        running = self.event_source_mappings.running
        return {uuid: each for uuid, each in running.items() if isinstance(each, Mapping)}

    def stats(self) -> PoolStats:
        """What the workers are doing, and counters per function."""
        return self._pool.stats()

    # ------------------------------------------------------------

    def _key_of(self, spec: FunctionSpec) -> FunctionKey:
        scope = self._broker.settings.scope
        return FunctionKey(scope.account, scope.region, spec.name)

    def _record_of(self, config: MappingConfig) -> MappingRecord:
        """A mapping to a handler of the program, with what was kept of it if it was there before."""
        now_ms = self._broker.clock.now_ms()
        kept = self.event_source_mappings.records.get(config.uuid)
        if kept is not None:
            return msgspec.structs.replace(kept, config=config, state=State.ENABLED, modified_ms=now_ms)
        scope = self._broker.settings.scope
        return MappingRecord(
            config=config, account=scope.account, region=scope.region, created_ms=now_ms, modified_ms=now_ms
        )

    async def _run(self, spec: FunctionSpec, event: bytes, **about: Any) -> Outcome:
        await self._start_pool()
        return await self._pool.invoke(spec, event, **about)

    async def _warm(self, spec: FunctionSpec, count: int) -> int:
        await self._start_pool()
        self._pool.keep(spec, count)
        return await self._pool.warm(spec, count) if count else 0

    def _retire_deleted(self, key: FunctionKey) -> None:
        """What workers a function or a version had that is no more."""
        if self._pool_started is None:
            return
        kept = {LATEST, *self.catalog.versions.of(key)} if self.catalog.functions.get(key) else set()
        for arn in list(self._pool.stats().functions):
            base, _, version = arn.rpartition(":")
            if base == key.arn and version not in kept:
                self._pool.forget(arn)

    def _environment_of(self, spec: FunctionSpec) -> dict[str, str]:
        """How a function reaches the AWS services: this endpoint, as the account it belongs to."""
        if self._endpoint is None:
            return {}
        if self._credentials_of is None:
            keys = credentials(spec, self._broker.settings.account)
        else:
            keys = self._credentials_of(spec)
        return {"AWS_ENDPOINT_URL": self._endpoint.result(), **keys}

    async def _prepare_pool(self) -> None:
        if self._endpoint is not None:
            await asyncio.shield(self._endpoint)
        await self._pool.start()
        log.info("functions are kept in: %s", self._pool.sandbox_report)

    async def _start_pool(self) -> None:
        if self._pool_started is None:
            self._pool_started = asyncio.get_running_loop().create_task(self._prepare_pool())
        if not self._pool_started.done() or self._pool_started.exception() is not None:
            await asyncio.shield(self._pool_started)


def _forms_of(config: MappingConfig) -> FormOf:
    return partial(_kinesis_form, config)


def _kinesis_form(config: MappingConfig, shard: ShardInfo, lane: int) -> Form:
    found = RecordFilter(config.filters, kinesis.constants(config.stream)) if config.filters else None
    select = selection(lane, config.parallelization_factor, found)
    return Form(kinesis.KinesisRenderer(config.stream, shard, select).render, kinesis.event, kinesis.OVERHEAD_BYTES)


def _queue_form(config: MappingConfig, queue: QueueRecord) -> QueueForm:
    return QueueForm(sqs.SqsRenderer(queue, config.filters).render, sqs.event, sqs.OVERHEAD_BYTES)


def _hidden(broker: Broker) -> SandboxSettings:
    """The broker's own files are out of a function's reach."""
    return SandboxSettings(hidden=() if broker.folder is None else (str(broker.folder.absolute()),))


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
