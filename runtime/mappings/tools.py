"""What AWS does not have: looking into a mapping, moving it, trying it, feeding records through a function again.

A replay and a dry run touch nothing of the mapping: they read the stream for themselves, each call at most `limit`
records, and say where to go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from runtime.errors import FunctionsError, InvalidValueError
from runtime.mappings.event_source_mappings import EventSourceMappings
from runtime.mappings.poller import Form
from runtime.model.batching import fitting
from runtime.model.event_source_mapping import MappingRecord
from runtime.model.invocation import MAX_PAYLOAD_BYTES, Invoked
from runtime.model.names import FunctionRef
from runtime.model.position import Position
from runtime.model.rendered import RenderedRecord, size_bytes
from streamcore.broker import Broker

RECORDS_MAX: Final = 100_000
DIFFERENCES_SHOWN: Final = 10
ANSWER_SHOWN_CHARS: Final = 1000
_READ_RECORDS: Final = 1000


class PlannedBatch(msgspec.Struct, frozen=True):
    """A batch as it would go out: how many records, how large the event, and between which sequence numbers."""

    records: int
    size_bytes: int
    first: str
    last: str


class DryShard(msgspec.Struct, frozen=True):
    """Of a shard: records looked at, those that the filter takes, their batches, the index at which to go on."""

    shard: str
    read: int
    taken: int
    batches: list[PlannedBatch]
    next: int


class Difference(msgspec.Struct, frozen=True):
    """A batch that two functions answered differently; answers are cut to a thousand characters."""

    shard: str
    first: str
    last: str
    own: str
    other: str


class Report(msgspec.Struct):
    """What a replay came to: `read` were looked at, `records` handed to the function.

    `next` is empty when all is done; else it and `until` go into the next call. `stopped` says why it ended early, for
    example because the function was throttled.
    """

    until: dict[str, int]
    read: int = 0
    records: int = 0
    batches: int = 0
    errors: int = 0
    different: int = 0
    differences: list[Difference] = []
    next: dict[str, int] = {}
    stopped: str = ""


class Part(NamedTuple):
    """What one read found: records that the filter takes, how many there were, and the index at which to go on."""

    taken: list[RenderedRecord]
    read: int
    next: int


class Tools:
    """The tools of one broker's mappings. What is about positions raises InvalidValueError for one from a queue."""

    def __init__(self, broker: Broker, mappings: EventSourceMappings) -> None:
        self._broker = broker
        self._mappings = mappings

    async def pause(self, uuid: str) -> MappingRecord:
        """Disabled on return; the position is kept. Raises NotFoundError, InUseError."""
        return await self._enable(uuid, enabled=False)

    async def resume(self, uuid: str) -> MappingRecord:
        """Enabled on return. Raises NotFoundError, InUseError."""
        return await self._enable(uuid, enabled=True)

    async def _enable(self, uuid: str, *, enabled: bool) -> MappingRecord:
        record = self._mappings.get(uuid)
        if record.config.enabled is not enabled:

            def change(before: MappingRecord) -> MappingRecord:
                return msgspec.structs.replace(before, config=msgspec.structs.replace(before.config, enabled=enabled))

            await self._mappings.update(uuid, change, wait=True)
        return self._mappings.get(uuid)

    async def skip(self, uuid: str, to: Position, shard: str | None = None) -> dict[str, int]:
        """Moves a shard, or all, to a place before or behind; what waits to be tried again is dropped. The new indexes.

        Raises NotFoundError, InvalidValueError, and what the broker says of the place.
        """
        record = self._mappings.stream_record(uuid)
        found = await self._indexes(record, to, shard)
        await self._mappings.move(uuid, found)
        return found

    async def dry_run(
        self,
        uuid: str,
        *,
        start: Position | None = None,
        shard: str | None = None,
        filters: Sequence[str] | None = None,
        limit: int = 1000,
    ) -> list[DryShard]:
        """What the filter, or another one, would take, and in which batches; nothing is invoked. From the mapping's own
        positions if no start is given; at most `limit` records of each shard. Raises NotFoundError,
        InvalidMappingError."""
        record = self._mappings.stream_record(uuid)
        if filters is not None:
            config = msgspec.structs.replace(record.config, filters=tuple(filters))
            record = msgspec.structs.replace(record, config=config)
        if start is not None:
            starts = await self._indexes(record, start, shard)
        else:
            kept = await self._mappings.positions(uuid)
            starts = {name: index for name, index in kept.items() if shard in (None, name)}
        tips = self._tips(record)
        return [
            await self._dry_shard(record, name, index, tips[name], limit)
            for name, index in sorted(starts.items())
            if name in tips
        ]

    async def replay(
        self,
        uuid: str,
        *,
        start: Position,
        end: Position | None = None,
        shard: str | None = None,
        function: FunctionRef | None = None,
        compare: bool = False,
        limit: int = 10_000,
        going_on: tuple[dict[str, int], dict[str, int]] | None = None,
    ) -> Report:
        """Feeds a function, the mapping's own or another, with records from `start` up to `end` (now) once more; with
        `compare` the mapping's own gets the same batches. Failed batches are counted, not tried again.

        `going_on` is (next, until) of the report before. Raises NotFoundError, InvalidValueError.
        """
        record = self._mappings.stream_record(uuid)
        if record.config.tumbling_window_s:
            raise InvalidValueError("A mapping with a tumbling window cannot be replayed: its state is in its results.")
        if going_on is not None:
            nexts, until = going_on
        else:
            nexts = await self._indexes(record, start, shard)
            until = self._tips(record) if end is None else await self._indexes(record, end, shard)
        tips = self._tips(record)
        report = Report(until={name: min(until.get(name, 0), tips[name]) for name in nexts if name in tips})
        own = FunctionRef(record.function, record.qualifier)
        replaying = _Replay(self, record, function or own, own if compare else None, report)
        for name, index in sorted(nexts.items()):  # parents have the lower numbers
            if name not in report.until:
                continue
            at = index if report.stopped else await replaying.shard(name, index, report.until[name], limit)
            if at < report.until[name]:
                report.next[name] = at
        return report

    # ------------------------------------------------------------

    def _tips(self, record: MappingRecord) -> dict[str, int]:
        stream = record.config.stream
        shards = self._broker.describe_stream(stream).shards
        return {shard.shard_id: self._broker.tip(stream, shard.shard_id) for shard in shards}

    async def _indexes(self, record: MappingRecord, to: Position, shard: str | None) -> dict[str, int]:
        stream = record.config.stream
        names = [each.shard_id for each in self._broker.describe_stream(stream).shards]
        if to.sequence_number is not None and shard is None and len(names) > 1:
            raise InvalidValueError("A sequence number belongs to one shard: say which.")
        return {
            name: await self._broker.position(
                stream, name, to.kind, sequence_number=to.sequence_number, timestamp_ms=to.timestamp_ms
            )
            for name in ([shard] if shard is not None else names)
        }

    async def _dry_shard(self, record: MappingRecord, shard: str, start: int, end: int, limit: int) -> DryShard:
        form, at, read, taken = self._mappings.form_of(record, shard), start, 0, list[RenderedRecord]()
        while at < end and read < limit:
            part = await self.part(record, form, shard, at, end, limit - read)
            taken += part.taken
            read, at = read + part.read, part.next
        batches = [
            PlannedBatch(
                len(batch),
                size_bytes(batch) + form.overhead_bytes,
                batch[0].sequence_number,
                batch[-1].sequence_number,
            )
            for batch in _batches(taken, record.config.batch_size, form)
        ]
        return DryShard(shard, read, len(taken), batches, at)

    async def part(self, record: MappingRecord, form: Form, shard: str, start: int, end: int, most: int) -> Part:
        """One read from index `start` on, not beyond `end`, of at most `most` records."""
        result = await self._broker.read(record.config.stream, shard, start, max_records=min(most, end - start))
        taken = [each for chunk in result.chunks for each in form.render(chunk) if each.position < end]
        went_on = result.next_index is not None and result.next_index > start
        after = min(end, result.next_index) if went_on and result.next_index is not None else end
        return Part(taken, result.record_count, after)

    async def invoke(self, ref: FunctionRef, event: bytes) -> Invoked:
        return await self._mappings.invoke(ref, event)


class _Replay:
    """One replay at work; it writes into its report."""

    def __init__(
        self, tools: Tools, record: MappingRecord, target: FunctionRef, own: FunctionRef | None, report: Report
    ) -> None:
        self._tools = tools
        self._record = record
        self._target = target
        self._own = own
        self._report = report
        self._form_of = tools._mappings.form_of

    async def shard(self, shard: str, at: int, end: int, limit: int) -> int:
        """Until the replay has read `limit` records; the index at which to go on."""
        form, batch_size = self._form_of(self._record, shard), self._record.config.batch_size
        whole_batches = max(1, _READ_RECORDS // batch_size) * batch_size
        while at < end and self._report.read < limit:
            most = min(whole_batches, limit - self._report.read)
            part = await self._tools.part(self._record, form, shard, at, end, most)
            for batch in _batches(part.taken, batch_size, form):
                try:
                    await self._batch(shard, batch, form)
                except FunctionsError as error:
                    self._report.stopped = str(error)
                    return batch[0].position
            self._report.read += part.read
            at = part.next
        return at

    async def _batch(self, shard: str, batch: list[RenderedRecord], form: Form) -> None:
        event = form.event(batch, b"")
        targets = [self._target] if self._own is None else [self._target, self._own]
        invoked = await asyncio.gather(*(self._tools.invoke(target, event) for target in targets))
        report, outcome = self._report, invoked[0].outcome
        report.batches += 1
        report.records += len(batch)
        report.errors += not outcome.ok
        if self._own is None or _same(invoked[0], invoked[1]):
            return
        report.different += 1
        if len(report.differences) < DIFFERENCES_SHOWN:
            own, other = _shown(invoked[1]), _shown(invoked[0])
            report.differences.append(
                Difference(shard, batch[0].sequence_number, batch[-1].sequence_number, own, other)
            )


def _batches(records: list[RenderedRecord], batch_size: int, form: Form) -> Iterator[list[RenderedRecord]]:
    """As they would go out if no window and no failure came in between."""
    at = 0
    while at < len(records):
        sizes = [record.size_bytes for record in records[at : at + batch_size]]
        count = fitting(sizes, batch_size, MAX_PAYLOAD_BYTES - form.overhead_bytes)
        yield records[at : at + count]
        at += count


def _same(one: Invoked, two: Invoked) -> bool:
    """Whether both succeeded with the same JSON, or both failed with the same error."""
    if one.outcome.ok != two.outcome.ok:
        return False
    return _plain(one) == _plain(two)


def _plain(invoked: Invoked) -> object:
    try:
        value = msgspec.json.decode(invoked.outcome.payload)
    except (ValueError, RecursionError):
        return invoked.outcome.payload
    if invoked.outcome.ok or not isinstance(value, dict):
        return value
    return {name: each for name, each in value.items() if name in ("errorType", "errorMessage")}


def _shown(invoked: Invoked) -> str:
    return invoked.outcome.payload.decode(errors="replace")[:ANSWER_SHOWN_CHARS]
