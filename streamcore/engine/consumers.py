"""Which consumers are registered: in memory for reading, in the store for good, beside their streams.

Rows of the CATALOG table: `c`, stream id (4 bytes), name -> ConsumerInfo. Every change holds `stream.changing`, so that
none outlives the stream: its consumers' rows go in the very commit that drops it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from streamcore.clock import Clock, sleep_until_ms
from streamcore.engine.committer import Committer
from streamcore.engine.stream import Stream
from streamcore.errors import StorageFull
from streamcore.model.consumer import (
    ConsumerInfo,
    ConsumerStatus,
    check_new_consumer,
    consumer_not_found,
)
from streamcore.store.base import Row, Store, Table

log = logging.getLogger(__name__)

#: When a change that a full disk stopped is tried again.
FULL_RETRY_MS: Final = 5000
_CONSUMER: Final = b"c"
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(ConsumerInfo)


class Consumer:
    """A registered consumer that is in use: `info` is replaced as a whole when it changes, the counters stay."""

    __slots__ = ("counters", "info")

    def __init__(self, info: ConsumerInfo) -> None:
        self.info = info
        self.counters = ConsumerCounters()

    def __repr__(self) -> str:
        return repr(self.info)


class ConsumerCounters:
    """Totals since start, under CloudWatch's names in metrics.py."""

    __slots__ = ("bytes", "events", "millis_behind", "records", "refused", "subscriptions")

    def __init__(self) -> None:
        self.bytes = self.events = self.records = self.subscriptions = self.refused = self.millis_behind = 0


class _Subject(NamedTuple):
    stream: Stream
    consumer: Consumer


class Spawn(Protocol):
    """The broker's way to run a change that survives its caller: futures for its first durable step and its end."""

    def __call__(
        self, work: Callable[[Any, asyncio.Future[None]], Coroutine[Any, Any, None]], subject: Any
    ) -> tuple[asyncio.Future[None], asyncio.Future[None]]: ...


class Consumers:
    """All registered consumers, by stream and name."""

    def __init__(
        self,
        committer: Committer,
        clock: Clock,
        transition_ms: int,
        spawn: Spawn,
        on_removed: Callable[[Consumer], None],
    ) -> None:
        self._committer = committer
        self._clock = clock
        self._transition_ms = transition_ms
        self._spawn = spawn
        self._on_removed = on_removed
        self._held: dict[int, dict[str, Consumer]] = {}

    async def load(self, store: Store) -> None:
        for _, value in await store.scan(Table.CATALOG, _CONSUMER):
            self._add(Consumer(_DECODER.decode(value)))

    def resume(self, stream: Stream) -> None:
        """A restart in the middle of a transition ends it."""
        for consumer in self.of(stream):
            if consumer.info.status is not ConsumerStatus.ACTIVE:
                self._spawn(self._resumed, _Subject(stream, consumer))

    # ------------------------------------------------------------

    def of(self, stream: Stream) -> list[Consumer]:
        """In the order of their names."""
        held = self._held.get(stream.info.stream_id, {})
        return [held[name] for name in sorted(held)]

    def find(self, stream: Stream, name: str, created_s: int | None = None) -> Consumer:
        """The consumer of that name, and of that creation time where one is given. Raises ResourceNotFound."""
        consumer = self._held.get(stream.info.stream_id, {}).get(name)
        if consumer is None or created_s not in (None, consumer.info.created_ms // 1000):
            raise consumer_not_found(stream.info, name)
        return consumer

    async def register(
        self, stream: Stream, name: str, tags: dict[str, str], *, advantage: bool, wait: bool
    ) -> ConsumerInfo:
        """Raises StreamNotActive, ValidationFailed, ResourceInUse, LimitExceeded."""
        stream.check_serving()
        check_new_consumer(stream.info, name, [each.info for each in self.of(stream)], advantage=advantage)
        info = ConsumerInfo(
            stream.info.stream_id, stream.info.arn, name, self._clock.now_ms(), ConsumerStatus.CREATING, tags
        )
        consumer = self._add(Consumer(info))  # at once, so that a second one of its name is refused meanwhile
        created, finished = self._spawn(self._create, _Subject(stream, consumer))
        await asyncio.shield(created)
        if wait:
            await asyncio.shield(finished)
        return consumer.info

    async def deregister(self, stream: Stream, consumer: Consumer, *, wait: bool) -> None:
        marked, finished = self._spawn(self._delete, _Subject(stream, consumer))
        await asyncio.shield(marked)
        if wait:
            await asyncio.shield(finished)

    async def retag(self, stream: Stream, consumer: Consumer, add: dict[str, str], remove: frozenset[str]) -> None:
        """Changes its tags, durably. Raises InvalidArgument when they were too many, ResourceNotFound."""
        async with stream.changing:
            self._check_held(stream, consumer)
            await self._change(consumer, consumer.info.retagged(add, remove))

    async def set_policy(self, stream: Stream, consumer: Consumer, policy: str | None) -> None:
        """Keeps a resource policy, durably; None removes it. Raises ResourceNotFound."""
        async with stream.changing:
            self._check_held(stream, consumer)
            await self._change(consumer, msgspec.structs.replace(consumer.info, policy=policy))

    def removals(self, stream: Stream) -> list[Row]:
        """What removes a stream's consumers from the store; to be committed with the stream's own removal."""
        return [_removal(consumer.info) for consumer in self.of(stream)]

    def forget(self, stream: Stream) -> None:
        """The stream is gone, and its consumers with it."""
        for consumer in self._held.pop(stream.info.stream_id, {}).values():
            self._on_removed(consumer)

    # ------------------------------------------------------------

    async def _create(self, subject: _Subject, created: asyncio.Future[None]) -> None:
        stream, consumer = subject
        try:
            async with stream.changing:
                stream.check_serving()
                self._check_held(stream, consumer)
                await self._committer.submit([], [_row(consumer.info)])
        except BaseException:
            self._remove(consumer)
            raise
        created.set_result(None)
        await self._finish_later(subject, ConsumerStatus.CREATING)

    async def _delete(self, subject: _Subject, marked: asyncio.Future[None]) -> None:
        stream, consumer = subject
        async with stream.changing:
            self._check_held(stream, consumer)
            if consumer.info.status is not ConsumerStatus.DELETING:
                await self._change(consumer, consumer.info.moved_to(ConsumerStatus.DELETING))
        self._on_removed(consumer)
        marked.set_result(None)
        await self._finish_later(subject, ConsumerStatus.DELETING)

    async def _resumed(self, subject: _Subject, begun: asyncio.Future[None]) -> None:
        begun.set_result(None)
        await self._finish_later(subject, subject.consumer.info.status)

    async def _finish_later(self, subject: _Subject, status: ConsumerStatus) -> None:
        """Ends CREATING or DELETING after the setting's delay; on a full disk, when there is space again."""
        delay_ms = self._transition_ms
        while True:
            await sleep_until_ms(self._clock, self._clock.now_ms() + delay_ms)
            try:
                async with subject.stream.changing:
                    await self._finish(subject.consumer, status)
                return
            except StorageFull as error:
                log.warning("%r waits for space: %s", subject.consumer, error)
                delay_ms = FULL_RETRY_MS

    async def _finish(self, consumer: Consumer, status: ConsumerStatus) -> None:
        if consumer.info.status is not status or not self._holds(consumer):
            return  # it was deregistered meanwhile, or went with its stream
        if status is ConsumerStatus.CREATING:
            await self._change(consumer, consumer.info.moved_to(ConsumerStatus.ACTIVE))
        else:
            await self._committer.submit([], [_removal(consumer.info)])
            self._remove(consumer)

    async def _change(self, consumer: Consumer, info: ConsumerInfo) -> None:
        await self._committer.submit([], [_row(info)])
        consumer.info = info

    def _holds(self, consumer: Consumer) -> bool:
        """Whether it is still registered: a later one of its name is another."""
        return self._held.get(consumer.info.stream_id, {}).get(consumer.info.name) is consumer

    def _check_held(self, stream: Stream, consumer: Consumer) -> None:
        if not self._holds(consumer):
            raise consumer_not_found(stream.info, consumer.info.name)

    def _add(self, consumer: Consumer) -> Consumer:
        self._held.setdefault(consumer.info.stream_id, {})[consumer.info.name] = consumer
        return consumer

    def _remove(self, consumer: Consumer) -> None:
        if self._holds(consumer):
            del self._held[consumer.info.stream_id][consumer.info.name]

    def __repr__(self) -> str:
        return f"<Consumers {sum(map(len, self._held.values()))}>"


def _key(info: ConsumerInfo) -> bytes:
    return _CONSUMER + info.stream_id.to_bytes(4, "big") + info.name.encode()


def _row(info: ConsumerInfo) -> Row:
    return Row(Table.CATALOG, _key(info), _ENCODER.encode(info))


def _removal(info: ConsumerInfo) -> Row:
    return Row(Table.CATALOG, _key(info), None)
