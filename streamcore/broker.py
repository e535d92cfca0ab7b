"""The broker: the only door for the HTTP APIs, the function runtime and programs that embed it.

    async with open_broker("data/") as broker:
        await broker.create_stream("orders", shards=4)
        await broker.put_records("orders", ["customer-1"], [b"..."])

One broker belongs to one event loop. Names of streams may be ARNs everywhere.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from streamcore import config
from streamcore.clock import Clock, SystemClock, sleep_until_ms
from streamcore.config import Settings
from streamcore.engine.accounts import Accounts
from streamcore.engine.catalog import Catalog
from streamcore.engine.committer import Committer
from streamcore.engine.consumers import Consumer, Consumers
from streamcore.engine.fanout import Fanout, FanoutEvent, Subscription
from streamcore.engine.intake import Intake
from streamcore.engine.ondemand import OnDemand
from streamcore.engine.producers import ProducerBatch, Producers
from streamcore.engine.reshard import Changed, Resharding, Rule
from streamcore.engine.shard import Shard
from streamcore.engine.stream import Stream
from streamcore.engine.trimmer import Trimmer
from streamcore.errors import (
    BrokerClosed,
    InvalidArgument,
    ResourceInUse,
    ResourceNotFound,
    StorageFull,
    StreamcoreError,
    StreamExists,
    StreamNotActive,
    StreamNotFound,
    ThroughputExceeded,
)
from streamcore.model import control, limits, reshard
from streamcore.model.account import Commitment
from streamcore.model.consumer import ConsumerInfo, parse_consumer_arn
from streamcore.model.hashing import parse_hash_key
from streamcore.model.iterator import IteratorType, ShardIterator, decode_iterator
from streamcore.model.ondemand import SHARDS_AT_START
from streamcore.model.put import PutResult, PutRun
from streamcore.model.record import Chunk, ReadResult
from streamcore.model.sequence import parse_sequence
from streamcore.model.stream import (
    LimitMode,
    Scope,
    StreamInfo,
    StreamMode,
    StreamStatus,
    check_stream_name,
    shard_id,
    uniform_shards,
)
from streamcore.store.base import Row, Store, Table, Usage
from streamcore.store.memory import MemoryStore
from streamcore.store.moment import Moment

log = logging.getLogger(__name__)

#: When a change that a full disk stopped is tried again.
FULL_RETRY_MS: Final = 5000
_SECRET_KEY: Final = b"iterator_secret"


class GetRecordsResult(NamedTuple):
    """A read by iterator: what was found, the token to go on with (None at the end of a closed shard), the stream."""

    result: ReadResult
    next_iterator: str | None
    stream: StreamInfo


class _Change:
    """A change under way: what it is to do, then what it did."""

    def __init__(self, stream: Stream, rule: Rule, shard_quota: int | None = None) -> None:
        self.stream = stream
        self.rule = rule
        self.shard_quota = shard_quota
        self.done: Changed | None = None


class Broker:
    """Streams on one volume. Made by `open_broker`."""

    def __init__(self, store: Store, settings: Settings, clock: Clock, folder: Path | None = None) -> None:
        self.settings = settings
        self.clock = clock
        #: Where the volume is, None in memory; what runs on top may keep files beside it.
        self.folder = folder
        self._store = store
        self.committer = Committer(store, clock, self._after_commit)
        self.catalog = Catalog(self.committer)
        self._producers = Producers(store, self.committer, clock)
        self.trimmer = Trimmer(store, self.committer, self.catalog, self._producers, clock)
        self.accounts = Accounts(self.committer, clock)
        self.resharding = Resharding(self.catalog, clock)
        self.on_demand = OnDemand(self.catalog, clock, self._change_by_itself)
        self.fanout = Fanout(clock, self._read, lambda stream: stream.info.limit_mode or settings.limits)
        self.consumers = Consumers(self.committer, clock, settings.transition_ms, self._spawn_pair, self.fanout.end_of)
        self._secret = b""
        self.intake = Intake(self.committer, self._producers, self.on_demand, clock, settings)
        self._background: set[asyncio.Task[None]] = set()
        self._closed = False
        self._closing: asyncio.Task[None] | None = None

    async def _open(self) -> None:
        await self.catalog.load(self._store, await self._store.extents())
        found = await self._store.scan(Table.META, _SECRET_KEY)
        if found:
            self._secret = found[0][1]
        else:
            self._secret = secrets.token_bytes(32)
            await self.committer.submit([], [Row(Table.META, _SECRET_KEY, self._secret)])
        await self.accounts.load(self._store)
        await self.consumers.load(self._store)
        for stream in self.catalog:
            self._resume(stream)
            self.consumers.resume(stream)
        self.on_demand.arm()
        self.trimmer.start()

    async def close(self) -> None:
        """Writes what waits, then closes the volume. Every caller returns when that is done."""
        if self._closing is None:
            self._closed = True
            self._closing = asyncio.get_running_loop().create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self.on_demand.close()
        self.fanout.close()
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.trimmer.close()
        await self.committer.close()
        await self._store.close()
        for stream in self.catalog:
            for shard in stream.shards.values():
                shard.retire()

    def unready_reason(self) -> str | None:
        """Why records cannot be written now, or None."""
        return "closed" if self._closed else self._store.unready_reason()

    @property
    def is_closed(self) -> bool:
        return self._closed

    # ------------------------------------------------------------ streams

    async def create_stream(
        self,
        name: str,
        *,
        shards: int = 1,
        scope: Scope | None = None,
        mode: StreamMode = StreamMode.PROVISIONED,
        retention_hours: int | None = None,
        max_record_bytes: int = limits.RECORD_MAX_BYTES_DEFAULT,
        limit_mode: LimitMode | None = None,
        tags: dict[str, str] | None = None,
        warm_throughput_mibps: int = 0,
        wait: bool = True,
    ) -> StreamInfo:
        """Makes a stream; an on-demand one chooses its shards itself, and has one per MiB/s it is to be warm for.
        With `wait` it is ACTIVE on return, else CREATING.

        Raises ValidationFailed (name), InvalidArgument (a number out of range), StreamExists.
        """
        scope = scope or self.settings.scope
        check_stream_name(name)
        _check_range("max_record_bytes", max_record_bytes, 1024, limits.RECORD_MAX_BYTES_TOP)
        hours = retention_hours if retention_hours is not None else self.settings.retention_hours
        _check_range("retention_hours", hours, limits.RETENTION_MIN_HOURS, limits.RETENTION_MAX_HOURS)
        if self.catalog.has_name(name, scope):
            raise StreamExists(stream=name, account=scope.account)
        now_ms = self.clock.now_ms()
        count = max(SHARDS_AT_START, warm_throughput_mibps) if mode is StreamMode.ON_DEMAND else shards
        info = StreamInfo(
            stream_id=self.catalog.take_id(),
            name=name,
            account=scope.account,
            region=scope.region,
            created_ms=now_ms,
            status=StreamStatus.CREATING,
            shards=uniform_shards(count, now_ms // 1000),
            mode=mode,
            retention_hours=hours,
            max_record_bytes=max_record_bytes,
            limit_mode=limit_mode,
            tags=tags or {},
            warm_throughput_mibps=warm_throughput_mibps or None,
        )
        created, finished = self._spawn_pair(self._create, self.catalog.reserve(info))
        await asyncio.shield(created)
        if wait:
            await asyncio.shield(finished)
        return self._find(info.arn, None).info

    async def _create(self, stream: Stream, created: asyncio.Future[None]) -> None:
        async with stream.changing:
            await self.catalog.persist(stream)
        created.set_result(None)
        await self._finish_later(stream, StreamStatus.CREATING)

    async def delete_stream(
        self, name: str, *, scope: Scope | None = None, enforce_consumer_deletion: bool = True, wait: bool = True
    ) -> None:
        """Deletes a stream, its records and its registered consumers.

        Raises StreamNotFound, and ResourceInUse when it has consumers that are not to be deleted with it.
        """
        stream = self._find(name, scope)
        if stream.info.status is StreamStatus.DELETING:
            return
        if not enforce_consumer_deletion and self.consumers.of(stream):
            raise ResourceInUse(
                f"Stream {stream.info.name} under account {stream.info.account} has consumers registered. "
                "Use EnforceConsumerDeletion to delete it with them."
            )
        marked, finished = self._spawn_pair(self._delete, stream)
        await asyncio.shield(marked)
        if wait:
            await asyncio.shield(finished)

    async def _delete(self, stream: Stream, marked: asyncio.Future[None]) -> None:
        async with stream.changing:
            if self.catalog.get(stream.info.stream_id) is not stream:
                raise StreamNotFound(stream=stream.info.name, account=stream.info.account)
            if stream.info.status is not StreamStatus.DELETING:
                await self.catalog.change(stream, stream.info.moved_to(StreamStatus.DELETING))
        marked.set_result(None)
        await self._finish_later(stream, StreamStatus.DELETING)

    async def change_stream(
        self, name: str, rule: Rule, *, scope: Scope | None = None, shard_quota: int | None = None, wait: bool = True
    ) -> Changed:
        """Changes a stream by a rule of model/control.py, model/reshard.py or model/ondemand.py; it is durable on
        return, and with `wait` the stream is ACTIVE again. `shard_quota` is the account's, None for no bound.

            await broker.change_stream("orders", partial(control.increase_retention, hours=48))

        Raises what the rule raises, StreamNotFound, LimitExceeded, StorageFull, StorageFailed, BrokerClosed.
        """
        change = _Change(self._find(name, scope), rule, shard_quota)
        changed, finished = self._spawn_pair(self._change, change)
        await asyncio.shield(changed)
        if wait:
            await asyncio.shield(finished)
        assert change.done is not None
        return change.done

    async def _change(self, change: _Change, changed: asyncio.Future[None]) -> None:
        change.done = before, after = await self.resharding.apply(change.stream, change.rule, change.shard_quota)
        changed.set_result(None)
        self.on_demand.arm()
        if after.retention_hours != before.retention_hours:
            self.trimmer.start()
        if after.status is StreamStatus.UPDATING and before.status is not StreamStatus.UPDATING:
            await self._finish_later(change.stream, StreamStatus.UPDATING)

    def _change_by_itself(self, stream: Stream, rule: Rule) -> None:
        self._spawn_pair(self._change, _Change(stream, rule))

    async def split_shard(
        self, name: str, shard: str, new_starting_hash_key: str, *, scope: Scope | None = None, wait: bool = True
    ) -> StreamInfo:
        """Splits an open shard; its keys from the new one on go to the second child. Raises as `change_stream`."""
        number, key = self._find(name, scope).shard(shard).info.number, parse_hash_key(new_starting_hash_key)
        rule = partial(reshard.split_shard, shard=number, new_starting_hash_key=key)
        return (await self.change_stream(name, rule, scope=scope, wait=wait)).after

    async def merge_shards(
        self, name: str, shard: str, adjacent: str, *, scope: Scope | None = None, wait: bool = True
    ) -> StreamInfo:
        """Merges two neighbours; the keys of the second follow those of the first. Raises as `change_stream`."""
        stream = self._find(name, scope)
        first, second = stream.shard(shard).info.number, stream.shard(adjacent).info.number
        rule = partial(reshard.merge_shards, shard=first, adjacent=second)
        return (await self.change_stream(name, rule, scope=scope, wait=wait)).after

    async def update_shard_count(
        self, name: str, target: int, *, scope: Scope | None = None, wait: bool = True
    ) -> StreamInfo:
        """Makes `target` shards of equal width by splits and merges. Raises as `change_stream`."""
        _check_range("target", target, 1, limits.SHARDS_MAX_PER_STREAM)
        rule = partial(reshard.update_shard_count, target=target)
        return (await self.change_stream(name, rule, scope=scope, wait=wait)).after

    def describe_stream(self, name: str, *, scope: Scope | None = None) -> StreamInfo:
        """Raises StreamNotFound."""
        return self._find(name, scope).info

    def list_streams(self, scope: Scope | None = None) -> list[StreamInfo]:
        """In the order of their names; those of one scope, or all."""
        return [stream.info for stream in self.catalog.streams(scope)]

    def open_shards(self, scope: Scope) -> int:
        """Open shards of an account's provisioned streams, as its quota counts them."""
        return self.resharding.open_shards(scope)

    def commitment(self, scope: Scope) -> Commitment:
        """Whether the account's on-demand streams can be kept warm."""
        return self.accounts.commitment(scope)

    async def commit_to_throughput(self, scope: Scope, enabled: bool) -> Commitment:
        """Begins or ends the commitment; a first day of it is always completed."""
        return await self.accounts.commit_to_throughput(scope, enabled)

    # ------------------------------------------------------------ in

    async def put_record(
        self,
        name: str,
        partition_key: str,
        data: bytes,
        *,
        explicit_hash_key: str | None = None,
        scope: Scope | None = None,
    ) -> PutRun:
        """Stores one record; returns once it is durable. Raises as `put_records`, and ThroughputExceeded."""
        return await self.intake.put_one(self._find(name, scope), partition_key, data, explicit_hash_key)

    async def put_records(
        self,
        name: str,
        partition_keys: Sequence[str],
        datas: Sequence[bytes],
        *,
        explicit_hash_keys: Sequence[str | None] | None = None,
        producer: ProducerBatch | None = None,
        scope: Scope | None = None,
    ) -> PutResult:
        """Stores many records, in order within each shard; returns once all that passed the limits are durable.

        A shard over its limit refuses entries one by one; they are in the result's `refused`. With `producer`, a batch
        that was stored before gets its first answer again and stores nothing.

        Raises StreamNotFound, StreamNotActive, InvalidArgument (a key or hash key out of range), RecordTooLarge,
        ProducerBatchTooOld, StorageFull, StorageFailed, BrokerClosed: then nothing of the request was stored.
        """
        stream = self._find(name, scope)
        if producer is None:
            return await self.intake.put(stream, partition_keys, datas, explicit_hash_keys)
        return await self.intake.put_once(stream, partition_keys, datas, explicit_hash_keys, producer)

    # ------------------------------------------------------------ out

    async def position(
        self,
        name: str,
        shard: str,
        kind: IteratorType,
        *,
        sequence_number: str | None = None,
        timestamp_ms: int | None = None,
        scope: Scope | None = None,
    ) -> int:
        """The index at which reading starts (facts sheet 1.3, "Iterators").

        Raises StreamNotFound, ShardNotFound, InvalidArgument (a number of another shard, a time in the future, an
        argument that does not go with the kind).
        """
        stream = self._find(name, scope)
        held = stream.shard(shard)
        if kind is IteratorType.AT_TIMESTAMP:
            return await self._position_at(held, timestamp_ms)
        if kind in (IteratorType.AT_SEQUENCE_NUMBER, IteratorType.AFTER_SEQUENCE_NUMBER):
            index = _index_in(stream, held, sequence_number)
            return index if kind is IteratorType.AT_SEQUENCE_NUMBER else index + 1
        if sequence_number is not None:
            raise InvalidArgument(
                f"Invalid request: StartingSequenceNumber must not be set when ShardIteratorType is {kind}."
            )
        return 0 if kind is IteratorType.TRIM_HORIZON else held.committed_index

    async def _position_at(self, shard: Shard, timestamp_ms: int | None) -> int:
        if timestamp_ms is None:
            raise InvalidArgument(
                "Must specify timestamp parameter for iterator of type AT_TIMESTAMP. "
                "Current request has no timestamp parameter."
            )
        now_ms = self.clock.now_ms()
        if timestamp_ms > now_ms:
            raise InvalidArgument(
                "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
                f"timestampInMillis: {timestamp_ms}, currentTimestampInMillis: {now_ms}"
            )
        return await self._store.seek(shard.key, timestamp_ms)

    async def read(
        self,
        name: str,
        shard: str,
        index: int,
        *,
        max_records: int = limits.GET_RECORDS_MAX_ENTRIES,
        max_bytes: int = limits.GET_RECORDS_MAX_BYTES,
        scope: Scope | None = None,
    ) -> ReadResult:
        """Committed records from `index` on, outside the shard's read limits (for the runtime and fan-out).

        Raises StreamNotFound, ShardNotFound, StorageCorrupt, BrokerClosed.
        """
        stream = self._find(name, scope)
        return await self._read(stream, stream.shard(shard), index, max_records, max_bytes)

    async def poll(
        self,
        name: str,
        shard: str,
        index: int,
        *,
        max_records: int = limits.GET_RECORDS_MAX_ENTRIES,
        wait_ms: int = 0,
        give_up: Callable[[], Coroutine[Any, Any, object]] | None = None,
        scope: Scope | None = None,
    ) -> ReadResult:
        """A read within the shard's limits that waits up to `wait_ms` for something to read, and for the limits.

        `give_up` makes a coroutine that ends the waiting early. Raises as `read`, and ThroughputExceeded when the
        limits do not allow a read in that time.
        """
        stream = self._find(name, scope)
        held = stream.shard(shard)
        deadline_ms = self.clock.now_ms() + wait_ms
        if wait_ms and held.committed_index <= index:
            await self._first_of(held.wait(index), sleep_until_ms(self.clock, deadline_ms), give_up)
        if held.committed_index > index:
            await self._wait_for_budget(stream, held, deadline_ms, give_up)
        if self._closed:
            raise BrokerClosed
        charged = held.committed_index > index and self._admit_read(stream, held)
        result = await self._read(stream, held, index, max_records, limits.GET_RECORDS_MAX_BYTES)
        if charged:
            held.read_budget.charge(sum(chunk.size_bytes for chunk in result.chunks))
        return result

    async def _wait_for_budget(
        self,
        stream: Stream,
        shard: Shard,
        deadline_ms: int,
        give_up: Callable[[], Coroutine[Any, Any, object]] | None,
    ) -> None:
        """Waits for the shard's read limits, again when another reader was quicker, if that is before the deadline."""
        if (stream.info.limit_mode or self.settings.limits) is not LimitMode.ENFORCE:
            return
        while (wait_ms := shard.read_budget.wait_ms(self.clock.monotonic())) > 0:
            ready_ms = self.clock.now_ms() + wait_ms
            if ready_ms > deadline_ms:
                return
            await self._first_of(sleep_until_ms(self.clock, ready_ms), None, give_up)
            if self.clock.now_ms() < ready_ms or self._closed:
                return  # given up

    async def _first_of(
        self,
        wanted: Coroutine[Any, Any, object],
        limit: Coroutine[Any, Any, object] | None,
        give_up: Callable[[], Coroutine[Any, Any, object]] | None,
    ) -> None:
        """Waits for whichever ends first and drops the others."""
        tasks = [asyncio.ensure_future(work) for work in (wanted, limit, give_up() if give_up else None) if work]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def tip(self, name: str, shard: str, *, scope: Scope | None = None) -> int:
        """The index behind the last committed record."""
        return self._find(name, scope).shard(shard).committed_index

    async def wait(self, name: str, shard: str, index: int, *, scope: Scope | None = None) -> None:
        """Returns once there may be something to read at `index`: a commit woke it, or the shard ended.

        Raises StreamNotFound or ShardNotFound when the stream went away meanwhile.
        """
        stream = self._find(name, scope)
        await stream.shard(shard).wait(index)
        if self._closed:
            raise BrokerClosed
        if self.catalog.get(stream.info.stream_id) is None:
            self._find(name, scope)

    async def issue_iterator(self, name: str, shard: str, index: int, *, scope: Scope | None = None) -> str:
        """A token for `index`, good for 300 seconds (facts sheet 1.3). Raises StreamNotFound, ShardNotFound."""
        stream = self._find(name, scope)
        return self._token(stream, stream.shard(shard), index)

    async def get_records(
        self,
        iterator: str,
        limit: int = limits.GET_RECORDS_MAX_ENTRIES,
        *,
        stream_arn: str | None = None,
        scope: Scope | None = None,
    ) -> GetRecordsResult:
        """Reads on from a token, within the shard's 2 MiB/s and 5 calls per second.

        Raises InvalidArgument (also when it is of another stream than `stream_arn`), IteratorExpired, StreamNotFound,
        ThroughputExceeded (no data was taken).
        """
        place = decode_iterator(iterator, self._secret, self.clock.now_ms())
        stream = self.catalog.get(place.stream_id)
        if stream is None or (scope is not None and stream.info.scope != scope):
            raise ResourceNotFound("The stream of this ShardIterator does not exist any more.")
        if stream_arn not in (None, stream.info.arn):
            raise InvalidArgument(f"StreamARN {stream_arn} is not the stream of this ShardIterator.")
        shard = stream.shards.get(place.shard_number)
        if shard is None:
            raise ResourceNotFound("The shard of this ShardIterator does not exist any more.")
        _check_range("limit", limit, 1, limits.GET_RECORDS_MAX_ENTRIES)
        charged = self._admit_read(stream, shard)
        result = await self._read(stream, shard, place.next_index, limit, limits.GET_RECORDS_MAX_BYTES)
        if charged:
            shard.read_budget.charge(sum(chunk.size_bytes for chunk in result.chunks))
        token = None if result.next_index is None else self._token(stream, shard, result.next_index)
        return GetRecordsResult(result, token, stream.info)

    def stream_of(self, iterator: str) -> StreamInfo | None:
        """The stream that a token reads; None when it is gone. Raises InvalidArgument, IteratorExpired."""
        stream = self.catalog.get(decode_iterator(iterator, self._secret, self.clock.now_ms()).stream_id)
        return None if stream is None else stream.info

    def _admit_read(self, stream: Stream, shard: Shard) -> bool:
        """Whether what the read returns is charged to the shard's budget. Raises ThroughputExceeded."""
        shard.counters.get_records_calls += 1
        mode = stream.info.limit_mode or self.settings.limits
        if mode is LimitMode.OFF:
            return False
        if shard.read_budget.take_call(self.clock.monotonic()):
            return True
        shard.counters.read_throttled += 1
        if mode is LimitMode.ENFORCE:
            raise ThroughputExceeded(shard=shard.info.shard_id, stream=stream.info.name, account=stream.info.account)
        return False

    async def _read(self, stream: Stream, shard: Shard, index: int, max_records: int, max_bytes: int) -> ReadResult:
        if max_records < 1:
            raise InvalidArgument(f"a read is of at least one record, not {max_records}")
        tip = shard.committed_index
        now_ms, started = self.clock.now_ms(), self.clock.monotonic()
        horizon = stream.info.horizon_ms(now_ms)
        chunks: list[Chunk] = []
        if index < tip:
            if shard.oldest_arrival_ms is not None and shard.oldest_arrival_ms <= horizon:
                # Expired records that are still on disk are as good as gone.
                index = max(index, await self._store.seek(shard.key, horizon + 1))
            chunks = await self._store.read(shard.key, index, max_records, max_bytes)
            index = chunks[-1].next_index if chunks else max(index, tip)
        last_arrival_ms = chunks[-1].arrival_ms if chunks else now_ms
        for chunk in chunks:
            shard.counters.outgoing_records += len(chunk.datas)
            shard.counters.outgoing_bytes += chunk.size_bytes
        shard.counters.iterator_age_ms = max(0, now_ms - last_arrival_ms)
        stream.read_latency_s.observe(self.clock.monotonic() - started)
        if not shard.info.is_open and index >= shard.committed_index:
            return ReadResult(shard.info, chunks, None, 0, stream.children(shard.info))
        behind_ms = 0 if index >= shard.committed_index else max(0, now_ms - last_arrival_ms)
        return ReadResult(shard.info, chunks, index, behind_ms)

    # ------------------------------------------------------------ enhanced fan-out

    async def register_consumer(
        self,
        stream: str,
        name: str,
        *,
        tags: dict[str, str] | None = None,
        on_demand_advantage: bool = False,
        scope: Scope | None = None,
        wait: bool = True,
    ) -> ConsumerInfo:
        """Registers a consumer of a stream; with `wait` it is ACTIVE on return, else CREATING.

        Raises StreamNotFound, StreamNotActive, ValidationFailed (its name), ResourceInUse (that is taken),
        LimitExceeded (20 of a stream, 50 with On-demand Advantage; 5 in CREATING).
        """
        found = self._find(stream, scope)
        return await self.consumers.register(found, name, tags or {}, advantage=on_demand_advantage, wait=wait)

    async def deregister_consumer(
        self, consumer: str, stream: str | None = None, *, scope: Scope | None = None, wait: bool = True
    ) -> None:
        """Removes a consumer, given by its ARN or by its name and stream; its subscriptions end. Raises
        StreamNotFound, ResourceNotFound."""
        await self.consumers.deregister(*self._find_consumer(consumer, stream, scope), wait=wait)

    def describe_consumer(
        self, consumer: str, stream: str | None = None, *, scope: Scope | None = None
    ) -> ConsumerInfo:
        """Raises StreamNotFound, ResourceNotFound."""
        return self._find_consumer(consumer, stream, scope)[1].info

    def list_consumers(self, stream: str, *, scope: Scope | None = None) -> list[ConsumerInfo]:
        """The consumers of a stream, in the order of their names. Raises StreamNotFound."""
        return [consumer.info for consumer in self.consumers.of(self._find(stream, scope))]

    async def tag_consumer(
        self,
        consumer: str,
        stream: str | None = None,
        *,
        add: dict[str, str] | None = None,
        remove: Collection[str] = (),
        scope: Scope | None = None,
    ) -> None:
        """Adds and removes tags of a consumer. Raises StreamNotFound, ResourceNotFound, InvalidArgument (over 50)."""
        await self.consumers.retag(*self._find_consumer(consumer, stream, scope), add or {}, frozenset(remove))

    async def set_consumer_policy(
        self, consumer: str, policy: str | None, stream: str | None = None, *, scope: Scope | None = None
    ) -> None:
        """Keeps a resource policy; None removes it. Raises InvalidArgument, StreamNotFound, ResourceNotFound."""
        control.check_policy(policy)
        await self.consumers.set_policy(*self._find_consumer(consumer, stream, scope), policy)

    async def subscribe_to_shard(
        self,
        consumer: str,
        shard: str,
        kind: IteratorType,
        *,
        sequence_number: str | None = None,
        timestamp_ms: int | None = None,
        stream: str | None = None,
        scope: Scope | None = None,
    ) -> Subscription:
        """Events as they are committed, for up to five minutes; whoever gets a subscription closes it.

        Raises as `position`, ResourceNotFound, and ResourceInUse (the consumer is not ACTIVE, or another subscription
        to this shard began less than five seconds ago).
        """
        found, held = self._find_consumer(consumer, stream, scope)
        held.info.check_active()
        index = await self.position(
            found.info.arn, shard, kind, sequence_number=sequence_number, timestamp_ms=timestamp_ms
        )
        return self.fanout.subscribe(held, found, found.shard(shard), index)

    def end_subscriptions(self) -> None:
        """The process is about to stop: subscriptions end in good order, and none begins any more."""
        self.fanout.close()

    def _find_consumer(self, consumer: str, stream: str | None, scope: Scope | None) -> tuple[Stream, Consumer]:
        created_s = None
        if consumer.startswith("arn:"):
            scope, stream, consumer, created_s = parse_consumer_arn(consumer)
        elif stream is None:
            raise InvalidArgument("a consumer is given by its ARN, or by its name and its stream")
        found = self._find(stream, scope)
        return found, self.consumers.find(found, consumer, created_s)

    # ------------------------------------------------------------ what consumers keep here

    async def save_checkpoint(
        self, name: str, consumer: str, positions: dict[str, int], *, scope: Scope | None = None
    ) -> None:
        """Keeps, durably, at which index the consumer reads on in each of these shards, but not of those that have
        expired meanwhile. Raises ShardNotFound."""
        stream = self._find(name, scope)
        rows = []
        for shard, index in positions.items():
            if stream.had(shard):
                continue
            key = _checkpoint_prefix(stream, consumer) + stream.shard(shard).key.shard_number.to_bytes(4, "big")
            rows.append(Row(Table.CHECKPOINTS, key, index.to_bytes(8, "big")))
        await self.committer.submit([], rows)

    async def checkpoints(self, name: str, consumer: str, *, scope: Scope | None = None) -> dict[str, int]:
        """Shard id → index at which the consumer reads on, for the shards it has read."""
        stream = self._find(name, scope)
        rows = await self._store.scan(Table.CHECKPOINTS, _checkpoint_prefix(stream, consumer))
        return {shard_id(int.from_bytes(key[-4:], "big")): int.from_bytes(value, "big") for key, value in rows}

    async def delete_checkpoints(self, name: str, consumer: str, *, scope: Scope | None = None) -> None:
        stream = self._find(name, scope)
        rows = await self._store.scan(Table.CHECKPOINTS, _checkpoint_prefix(stream, consumer))
        await self.committer.submit([], [Row(Table.CHECKPOINTS, key, None) for key, _ in rows])

    async def save_document(self, kind: str, key: str, value: bytes | None) -> None:
        """Keeps a small document beside the records, for what runs on top of the broker; None removes it."""
        await self.save_documents([(kind, key, value)])

    async def save_documents(self, documents: Sequence[tuple[str, str, bytes | None]]) -> None:
        """Several at once, (kind, key, value) each: all of them or, after a crash, none."""
        rows = [Row(Table.DOCUMENTS, _document_key(kind, key), value) for kind, key, value in documents]
        await self.committer.submit([], rows)

    async def document(self, kind: str, key: str) -> bytes | None:
        """One document, None when there is none."""
        row_key = _document_key(kind, key)
        return dict(await self._store.scan(Table.DOCUMENTS, row_key)).get(row_key)

    async def documents(self, kind: str) -> dict[str, bytes]:
        """All documents of a kind, by key."""
        prefix = f"{kind}\0".encode()
        return {key[len(prefix) :].decode(): value for key, value in await self._store.scan(Table.DOCUMENTS, prefix)}

    def usage(self) -> Usage:
        """Bytes on disk."""
        return self._store.usage()

    def held(self) -> AbstractAsyncContextManager[Callable[[], Awaitable[Moment]]]:
        """Commits wait while it is entered; what it gives is called inside, and makes a moment of the volume that can
        be copied afterwards. Raises StorageUnavailable for a broker in memory."""
        return self._store.held()

    # ------------------------------------------------------------

    def _find(self, name: str, scope: Scope | None) -> Stream:
        if self._closed:
            raise BrokerClosed
        return self.catalog.find(name, scope or self.settings.scope, anywhere=scope is None)

    def _token(self, stream: Stream, shard: Shard, index: int) -> str:
        return ShardIterator(stream.info.stream_id, shard.info.number, index, self.clock.now_ms()).encode(self._secret)

    def _after_commit(self) -> None:
        self.trimmer.arm()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs work of what is on top of the broker in the background, until it ends or the broker is closed; what it
        raises is logged."""

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("work in the background failed", exc_info=error)

        self._spawn(work).add_done_callback(ended)

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    def _spawn_pair(
        self, work: Callable[[Any, asyncio.Future[None]], Coroutine[Any, Any, None]], subject: Any
    ) -> tuple[asyncio.Future[None], asyncio.Future[None]]:
        """Runs a change in the background, so that a caller who goes away does not leave it half done: a future for
        its first durable step, and one for its end. A failure before the first step is raised by the first."""
        loop = asyncio.get_running_loop()
        first: asyncio.Future[None] = loop.create_future()
        last: asyncio.Future[None] = loop.create_future()

        def ended(task: asyncio.Task[None]) -> None:
            error = BrokerClosed() if task.cancelled() else task.exception()
            if error is not None and first.done() and not task.cancelled():
                log.error("a change of a stream did not end", exc_info=error)
            for step in (first, last):
                if step.done():
                    continue
                if error is None:
                    step.set_result(None)
                else:
                    step.set_exception(type(error)(**error.data) if isinstance(error, StreamcoreError) else error)
                    step.exception()  # perhaps nobody waits for it

        self._spawn(work(subject, first)).add_done_callback(ended)
        return first, last

    def _resume(self, stream: Stream) -> None:
        """A restart in the middle of a transition ends it."""
        if stream.info.status is not StreamStatus.ACTIVE:
            self._spawn_pair(self._resumed, stream)

    async def _resumed(self, stream: Stream, begun: asyncio.Future[None]) -> None:
        begun.set_result(None)
        await self._finish_later(stream, stream.info.status)

    async def _finish_later(self, stream: Stream, status: StreamStatus) -> None:
        """Ends CREATING, UPDATING or DELETING after the setting's delay; on a full disk, when there is space again."""
        delay_ms = self.settings.transition_ms
        while True:
            await sleep_until_ms(self.clock, self.clock.now_ms() + delay_ms)
            try:
                async with stream.changing:
                    await self._finish(stream, status)
                return
            except StorageFull as error:
                log.warning("%r waits for space: %s", stream, error)
                delay_ms = FULL_RETRY_MS

    async def _finish(self, stream: Stream, status: StreamStatus) -> None:
        if stream.info.status is not status or self.catalog.get(stream.info.stream_id) is not stream:
            return  # it was deleted meanwhile
        if status is StreamStatus.DELETING:
            await self.catalog.drop(stream, self.consumers.removals(stream))
            self.consumers.forget(stream)
            self.trimmer.start()
        else:
            await self.catalog.change(stream, stream.info.moved_to(StreamStatus.ACTIVE))

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<Broker {state}, {len(self.list_streams())} streams, {self._store!r}>"


@asynccontextmanager
async def open_broker(
    data: str | os.PathLike[str] | None = None, *, clock: Clock | None = None, **options: Any
) -> AsyncIterator[Broker]:
    """A broker on the folder `data`, or in memory when it is None; options are those of `Settings`.

    Raises ConfigError, StorageLocked (another broker has the folder), StorageFormat.
    """
    broker = await start_broker(config.settings(**options), data=data, clock=clock)
    try:
        yield broker
    finally:
        await broker.close()


async def start_broker(
    settings: Settings, *, data: str | os.PathLike[str] | None, clock: Clock | None = None, store: Store | None = None
) -> Broker:
    """The same without a context: the caller closes it."""
    folder = _folder(data)
    if store is None:
        store = _open_store(folder, settings)
    broker = Broker(store, settings, clock or SystemClock(), folder)
    try:
        await broker._open()
    except BaseException:
        await store.close()
        raise
    return broker


def _folder(data: str | os.PathLike[str] | None) -> Path | None:
    """Absolute: workers run elsewhere, and are told paths below it."""
    return None if data is None else Path(data).absolute()


def _open_store(folder: Path | None, settings: Settings) -> Store:
    if folder is None:
        return MemoryStore()
    from streamcore.store.lmdb import LmdbStore  # a broker in memory does without LMDB

    return LmdbStore(folder, durability=settings.durability)


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidArgument(f"{name} is {low} to {high}, not {value}")


def _index_in(stream: Stream, shard: Shard, sequence_number: str | None) -> int:
    """The index in a sequence number, which must be of this very shard."""
    if sequence_number is None:
        raise InvalidArgument("Must specify StartingSequenceNumber for AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER.")
    if sequence_number == "0":
        return 0
    used = (
        f"StartingSequenceNumber {sequence_number} used in GetShardIterator on shard {shard.info.shard_id} in stream "
        f"{stream.info.name} under account {stream.info.account} is invalid"
    )
    try:
        number = parse_sequence(sequence_number)
    except InvalidArgument:
        raise InvalidArgument(f"{used}.") from None
    if number.shard_number != shard.info.number:
        raise InvalidArgument(
            f"Invalid StartingSequenceNumber. It encodes {shard_id(number.shard_number)}, "
            f"while it was used in a call to a shard with {shard.info.shard_id}"
        )
    if number.shard_created_s != shard.info.created_s:
        raise InvalidArgument(f"{used} because it did not come from this stream.")
    return number.running_index


def _document_key(kind: str, key: str) -> bytes:
    row_key = f"{kind}\0{key}".encode()
    if len(row_key) > limits.ROW_KEY_MAX_BYTES:
        raise InvalidArgument(f"kind and key of a document have at most {limits.ROW_KEY_MAX_BYTES - 1} bytes")
    return row_key


def _checkpoint_prefix(stream: Stream, consumer: str) -> bytes:
    name = consumer.encode()
    if not 1 <= len(name) <= limits.CONSUMER_NAME_MAX_BYTES:
        raise InvalidArgument(f"a consumer's name has 1 to {limits.CONSUMER_NAME_MAX_BYTES} bytes")
    return stream.info.stream_id.to_bytes(4, "big") + bytes([len(name)]) + name


__all__ = [
    "Broker",
    "Changed",
    "FanoutEvent",
    "GetRecordsResult",
    "ProducerBatch",
    "Rule",
    "StreamNotActive",
    "Subscription",
    "open_broker",
    "start_broker",
]
