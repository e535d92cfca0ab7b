"""All mappings of a broker: kept as documents, resumed at the start, at work while they are Enabled and their function
is there.

What is wanted is in the records; `_reconcile` makes it so, one step at a time for each mapping. It is called when
something may have changed (a record, a function) and never by a timer.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, Protocol

import msgspec

from runtime.errors import ConflictError, InvalidValueError, NotFoundError, QueueError
from runtime.mappings.failures import FailureReports
from runtime.mappings.mapping import FormOf, Mapping
from runtime.mappings.poller import Discarded, Form, Invoke, OnAge, OnOutcome
from runtime.mappings.queue_mapping import MessageSource, QueueFormOf, QueueMapping, SourceOf
from runtime.mappings.rights import Right
from runtime.model.event_source_mapping import (
    ACCESS_DENIED,
    CALL_FAILED,
    FUNCTION_GONE,
    NO_RECORDS,
    OK,
    QUEUE_GONE,
    STREAM_GONE,
    MappingRecord,
)
from runtime.model.invocation import Invoked, Outcome
from runtime.model.mapping import MappingConfig, State
from runtime.model.names import FunctionKey, FunctionRef
from streamcore.broker import Broker
from streamcore.clock import sleep_until_ms
from streamcore.errors import ShardNotFound, StreamcoreError, StreamNotFound
from streamcore.model.stream import Scope

log = logging.getLogger(__name__)

KIND: Final = "mapping"
NO_POSITIONS: Final = (
    "This mapping is from a queue, which has no positions: it can be paused and resumed, and not moved, tried or "
    "replayed."
)
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(MappingRecord)

#: Whether the function's role may read the source of a mapping.
MayRead = Callable[[MappingRecord], bool]
#: How the records of a mapping's lane of a shard look.
FormsOf = Callable[[MappingConfig], FormOf]


class FunctionsByName(Protocol):
    """The invoker's part that is needed."""

    async def invoke(self, name: str, event: bytes, scope: Scope, *, qualifier: str | None) -> Invoked: ...

    def target(self, name: str, scope: Scope, *, qualifier: str | None) -> object: ...


class EventSourceMappings:
    """`records` are all of them by UUID, `running` those that are at work. `queues` finds queues, where there are any;
    `workers` bounds the batches of a queue that are with a function at a time."""

    def __init__(
        self,
        broker: Broker,
        functions: FunctionsByName,
        forms_of: FormsOf,
        reports: FailureReports,
        queue_form_of: QueueFormOf,
        workers: int,
        on_age: OnAge | None = None,
        may_read: MayRead | None = None,
    ) -> None:
        """`may_read` is asked now and then whether a function may still read what feeds it."""
        self._may_read = may_read
        self._broker = broker
        self._functions = functions
        self._forms_of = forms_of
        self._reports = reports
        self._queue_form_of = queue_form_of
        self._workers = workers
        self._on_age = on_age
        self.queues: SourceOf = _no_queues
        self.records: dict[str, MappingRecord] = {}
        self.running: dict[str, Mapping | QueueMapping] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._hearers: dict[str, OnOutcome] = {}
        self._unsaved: set[str] = set()
        self._saving: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def start(self) -> None:
        """Finds what is kept; what a restart interrupted goes on: changes, deletions, and mappings at work."""
        for text in (await self._broker.documents(KIND)).values():
            record = _DECODER.decode(text)
            self.records[record.uuid] = record
        for record in list(self.records.values()):
            if record.is_changing:
                self._spawn(self._finish(record.uuid))
            else:
                await self._reconcile(record.uuid)

    async def close(self) -> None:
        """Lets batches in progress end and keeps positions."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(mapping.stop() for mapping in self.running.values()))
        while self._saving is not None:
            await asyncio.shield(self._saving)

    # ------------------------------------------------------------ reading

    def get(self, uuid: str, scope: Scope | None = None) -> MappingRecord:
        """Raises NotFoundError."""
        found = self.records.get(uuid.lower())
        if found is None or (scope is not None and found.scope != scope):
            raise NotFoundError("The resource you requested does not exist.")
        return found

    def of_scope(self, scope: Scope) -> dict[str, MappingRecord]:
        return {uuid: record for uuid, record in self.records.items() if record.scope == scope}

    def find(self, source_arn: str, function_arn: str) -> MappingRecord | None:
        """The mapping from this source to this function, version or alias."""
        wanted = (source_arn, function_arn)
        return next((r for r in self.records.values() if (r.source_arn, r.function_arn) == wanted), None)

    # ------------------------------------------------------------ changing

    async def create(self, record: MappingRecord) -> MappingRecord:
        """Keeps a new mapping, Creating on return; where it begins is fixed.

        Raises StreamNotFound, QueueError, ConflictError.
        """
        known = self.find(record.source_arn, record.function_arn)
        if known is not None:
            raise ConflictError(_duplicate(record, known))
        record = msgspec.structs.replace(record, state=State.CREATING)
        self.records[record.uuid] = record  # before anything is awaited, so that nobody else makes the same
        try:
            await self._make(record).prepare()
            await self._save(record)
        except BaseException:
            self.records.pop(record.uuid, None)
            raise
        self._spawn(self._finish(record.uuid))
        return record

    async def update(
        self, uuid: str, change: Callable[[MappingRecord], MappingRecord], *, wait: bool = False
    ) -> MappingRecord:
        """Changes a mapping by a rule; its positions are kept. It is Updating, Enabling or Disabling on return; with
        `wait` that is over.

        Raises NotFoundError, InUseError, ConflictError (another mapping is like it), and what the rule raises.
        """
        before = self.get(uuid)
        after = before.changed(change(before), self._now_ms())
        known = self.find(after.source_arn, after.function_arn)
        if known is not None and known.uuid != before.uuid:
            raise ConflictError(_duplicate(after, known))
        await self._change(after)
        finishing = self._spawn(self._finish(after.uuid))
        if wait:
            await asyncio.shield(finishing)
        return after

    async def delete(self, uuid: str) -> MappingRecord:
        """Deleting on return; then it is gone with its positions. Raises NotFoundError, InUseError."""
        record = self.get(uuid).deleting(self._now_ms())
        await self._change(record)
        self._spawn(self._finish(record.uuid))
        return record

    async def retag(self, uuid: str, tags: dict[str, str]) -> None:
        """Raises NotFoundError."""
        await self._change(msgspec.structs.replace(self.get(uuid), tags=tags))

    async def put(self, record: MappingRecord, on_outcome: OnOutcome | None = None) -> Mapping:
        """Makes or replaces a mapping from a stream and has it at work on return. Raises StreamNotFound."""
        uuid = record.uuid
        async with self._locks[uuid]:
            await self._halt(uuid)
            mapping = self._from_stream(record)
            await mapping.prepare()
            await self._change(record)
            self._hearers.pop(uuid, None)
            if on_outcome is not None:
                self._hearers[uuid] = on_outcome
            await self._begin(mapping)
            return mapping

    async def remove(self, uuid: str) -> None:
        """Stops a mapping for good and forgets its positions. One that is not there is no error."""
        async with self._locks[uuid]:
            await self._halt(uuid)
            record = self.records.get(uuid)
            if record is not None:
                # First the intention: a crash in between leaves no mapping that begins anew.
                await self._change(msgspec.structs.replace(record, state=State.DELETING))
                await self._forget(record)
                self.records.pop(uuid, None)
                await self._broker.save_document(KIND, uuid, None)
            self._hearers.pop(uuid, None)
        self._locks.pop(uuid, None)

    async def move(self, uuid: str, positions: dict[str, int]) -> None:
        """Has the mapping go on at these indexes, by shard; what waits to be tried again there is dropped.

        Raises NotFoundError, StreamNotFound.
        """
        async with self._locks[uuid]:
            record = self.get(uuid)
            await self._halt(uuid)
            try:
                await self._from_stream(record).move(positions)
            finally:
                await self._bring_about(uuid)

    async def look(self, uuid: str) -> Mapping:
        """A mapping from a stream at work; of one that rests, its positions.

        Raises NotFoundError, StreamNotFound, and InvalidValueError for one from a queue, which has none.
        """
        mapping = self.running.get(uuid)
        if mapping is None:
            mapping = self._make(self.stream_record(uuid))
            await mapping.prepare()
        if isinstance(mapping, QueueMapping):
            raise InvalidValueError(NO_POSITIONS)
        return mapping

    def stream_record(self, uuid: str) -> MappingRecord:
        """Raises NotFoundError, and InvalidValueError for a mapping from a queue."""
        record = self.get(uuid)
        if record.config.is_queue:
            raise InvalidValueError(NO_POSITIONS)
        return record

    async def positions(self, uuid: str) -> dict[str, int]:
        """Shard id → the index at which it goes on. Raises NotFoundError, StreamNotFound."""
        return (await self.look(uuid)).positions()

    def form_of(self, record: MappingRecord, shard_id: str) -> Form:
        """How the records of a shard look, all lanes together. Raises ShardNotFound."""
        shards = self._broker.describe_stream(record.config.stream).shards
        shard = next((each for each in shards if each.shard_id == shard_id), None)
        if shard is None:
            raise ShardNotFound(stream=record.config.stream, shard=shard_id, account=record.account)
        return self._forms_of(msgspec.structs.replace(record.config, parallelization_factor=1))(shard, 0)

    async def invoke(self, ref: FunctionRef, event: bytes) -> Invoked:
        """Raises as the invoker does."""
        return await self._functions.invoke(ref.key.name, event, ref.key.scope, qualifier=ref.qualifier)

    def function_changed(self, key: FunctionKey) -> None:
        """A function came, changed or went: its mappings begin, or wait."""
        for record in list(self.records.values()):
            if record.function == key:
                self._spawn(self._reconcile(record.uuid))

    def source_changed(self, arn: str) -> None:
        """A queue was made or deleted: its mappings begin, or wait."""
        for record in list(self.records.values()):
            if record.source_arn == arn:
                self._spawn(self._reconcile(record.uuid))

    async def function_there(self, key: FunctionKey) -> None:
        """Returns when the mappings of a function that has come are at work."""
        for record in list(self.records.values()):
            if record.function == key:
                await self._reconcile(record.uuid)

    # ------------------------------------------------------------

    async def _finish(self, uuid: str) -> None:
        """The second half of a change: AWS does it in the background."""
        due_ms = self._now_ms() + self._broker.settings.transition_ms
        await self._reconcile(uuid)
        await sleep_until_ms(self._broker.clock, due_ms)
        record = self.records.get(uuid)
        if record is None or not record.is_changing:
            return
        if record.state is State.DELETING:
            await self.remove(uuid)
            return
        await self._change(record.settled(self._now_ms()))
        await self._reconcile(uuid)

    async def _reconcile(self, uuid: str) -> None:
        async with self._locks[uuid]:
            await self._bring_about(uuid)

    async def _bring_about(self, uuid: str) -> None:
        """At work, or not, as the record says and the function allows."""
        record, mapping = self.records.get(uuid), self.running.get(uuid)
        wanted = record is not None and record.state is State.ENABLED and self._is_callable(record)
        stale = mapping is not None and not mapping.is_current
        if mapping is not None and (record is None or not wanted or stale or mapping.config != record.config):
            await self._halt(uuid)
        if record is not None and wanted and uuid not in self.running and not self._closing:
            try:
                await self._begin(self._make(record))
            except (StreamNotFound, QueueError) as error:
                log.warning("the mapping %s stays idle: %s", uuid, error)
                self._note(uuid, QUEUE_GONE if record.config.is_queue else STREAM_GONE)
            else:
                if record.last_result == QUEUE_GONE:
                    self._note(uuid, NO_RECORDS)

    def _is_callable(self, record: MappingRecord) -> bool:
        """Whether there is something to invoke; a function that is Pending will be soon, and tells."""
        try:
            self._functions.target(record.config.function_name, record.scope, qualifier=record.qualifier)
        except NotFoundError:
            if record.uuid in self.running:
                self._note(record.uuid, FUNCTION_GONE)
            return False
        except ConflictError:
            return False
        return True

    async def _begin(self, mapping: Mapping | QueueMapping) -> None:
        await mapping.start()
        self.running[mapping.config.uuid] = mapping

    async def _halt(self, uuid: str) -> None:
        mapping = self.running.pop(uuid, None)
        if mapping is not None:
            await mapping.stop()

    def _make(self, record: MappingRecord) -> Mapping | QueueMapping:
        return self._from_queue(record) if record.config.is_queue else self._from_stream(record)

    def _from_stream(self, record: MappingRecord) -> Mapping:
        config, uuid = record.config, record.uuid
        return Mapping(
            self._broker,
            config,
            self._forms_of(config),
            self._invoke_of(record),
            partial(self._heard, uuid),
            partial(self._give_up, uuid),
            self._on_age,
            self._right_of(uuid),
        )

    def _from_queue(self, record: MappingRecord) -> QueueMapping:
        return QueueMapping(
            self._broker.clock,
            record.config,
            self.queues,
            self._queue_form_of,
            self._invoke_of(record),
            self._workers,
            partial(self._heard, record.uuid),
            self._right_of(record.uuid),
        )

    def _invoke_of(self, record: MappingRecord) -> Invoke:
        name, scope, qualifier = record.config.function_name, record.scope, record.qualifier
        return partial(self._functions.invoke, name, scope=scope, qualifier=qualifier)

    def _right_of(self, uuid: str) -> Right | None:
        """What stops its reading when the function's role loses the right to it."""
        may_read = self._may_read
        if may_read is None:
            return None

        def ask() -> bool:
            record = self.records.get(uuid)
            return record is not None and may_read(record)

        return Right(self._broker.clock, ask, partial(self._note, uuid, ACCESS_DENIED))

    async def _forget(self, record: MappingRecord) -> None:
        try:
            await self._make(record).forget()
        except StreamNotFound:
            log.debug("the positions of %s went with its stream", record.uuid)

    async def _give_up(self, uuid: str, config: MappingConfig, what: Discarded) -> None:
        record = self.records.get(uuid)
        if record is not None:
            await self._reports.send(record, what)

    def _heard(self, uuid: str, shard_id: str, count: int, outcome: Outcome) -> None:
        record, mapping = self.records.get(uuid), self.running.get(uuid)
        if record is not None and mapping is not None and record.last_result != (OK if outcome.ok else CALL_FAILED):
            self._note(uuid, mapping.last_processing_result)
        hearer = self._hearers.get(uuid)
        if hearer is not None:
            hearer(shard_id, count, outcome)

    # ------------------------------------------------------------ keeping

    async def _change(self, record: MappingRecord) -> None:
        """In memory at once, so that the next change sees it; durable on return."""
        before = self.records.get(record.uuid)
        self.records[record.uuid] = record
        try:
            await self._save(record)
        except StreamcoreError:
            if before is not None and self.records.get(record.uuid) is record:
                self.records[record.uuid] = before
            raise

    async def _save(self, record: MappingRecord) -> None:
        await self._broker.save_document(KIND, record.uuid, _ENCODER.encode(record))

    def _note(self, uuid: str, result: str) -> None:
        """Notes how the last invocation went; it is durable soon."""
        record = self.records.get(uuid)
        if record is None or record.last_result == result:
            return
        self.records[uuid] = msgspec.structs.replace(record, last_result=result)
        self._unsaved.add(uuid)
        if self._saving is None:
            self._saving = asyncio.get_running_loop().create_task(self._save_notes(), name="mapping-results")

    async def _save_notes(self) -> None:
        try:
            while self._unsaved:
                uuid = self._unsaved.pop()
                record = self.records.get(uuid)
                if record is not None:
                    await self._save(record)
                    if uuid not in self.records:  # removed meanwhile
                        await self._broker.save_document(KIND, uuid, None)
        except StreamcoreError as error:
            log.warning("the last result of a mapping was not saved: %s", error)
        finally:
            self._saving = None

    def _now_ms(self) -> int:
        return self._broker.clock.now_ms()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a change of a mapping did not end", exc_info=task.exception())

    def __repr__(self) -> str:
        return f"<EventSourceMappings {len(self.records)}, {len(self.running)} at work>"


def _no_queues(arn: str) -> MessageSource:
    raise QueueError("QueueDoesNotExist", "The specified queue does not exist.")


def _duplicate(record: MappingRecord, known: MappingRecord) -> str:
    if record.config.is_queue:
        return (
            f'An event source mapping with SQS arn (" {known.source_arn} ") and function (" '
            f'{record.config.function_name} ") already exists. Please update or delete the existing mapping with UUID '
            f"{known.uuid}"
        )
    return (
        f'The event source arn (" {known.source_arn} ") and function (" {record.config.function_name} ") provided '
        f"mapping already exists. Please update or delete the existing mapping with UUID {known.uuid}"
    )
