"""Enhanced fan-out: subscriptions to shards, woken by the commit.

A subscription is pulled by its reader: it makes an event when the one before was taken, so a slow reader holds one
event and no more. Nothing polls: it sleeps on the shard's tail and on one timer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from streamcore.clock import Clock
from streamcore.engine.consumers import Consumer
from streamcore.engine.shard import Shard
from streamcore.engine.stream import Stream
from streamcore.errors import BrokerClosed, ShardNotFound, StreamcoreError, StreamNotFound
from streamcore.model.consumer import consumer_not_found
from streamcore.model.record import ReadResult
from streamcore.model.stream import LimitMode
from streamcore.model.subscription import (
    EVENT_MAX_BYTES,
    EVENT_MAX_RECORDS,
    Act,
    Pace,
    check_takeover,
    continuation,
    taken,
)

#: Reads committed records: stream, shard, index, most records, most bytes.
Read = Callable[[Stream, Shard, int, int, int], Awaitable[ReadResult]]


class FanoutEvent(NamedTuple):
    """What is pushed: records, and the number behind which a later subscription goes on. The last event of a closed
    shard has no such number but the shard's children."""

    result: ReadResult
    continuation: str | None


class Subscription:
    """One consumer's subscription to one shard: an asynchronous iterator of events.

    It ends after five minutes or at the end of the shard; it raises ResourceInUse when another one took over,
    StreamNotFound, ShardNotFound or ResourceNotFound when its stream, shard or consumer went away.
    """

    def __init__(self, fanout: Fanout, consumer: Consumer, stream: Stream, shard: Shard, index: int) -> None:
        self.consumer = consumer
        self.stream = stream
        self.shard = shard
        self.pace = Pace(fanout.clock.monotonic())
        self._fanout = fanout
        self._index: int | None = index
        self._behind_ms = 0
        self._is_over = False
        self._failure: StreamcoreError | None = None
        self._signal: asyncio.Future[None] | None = None
        self._has_begun = False

    @property
    def who(self) -> str:
        """`account:stream:shard:consumer`, as AWS names a subscription."""
        info = self.stream.info
        return f"{info.account}:{info.name}:{self.shard.info.shard_id}:{self.consumer.info.name}"

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> FanoutEvent:
        try:
            return await self._next()
        except BaseException:
            await self.aclose()
            raise

    def end(self, failure: StreamcoreError | None = None) -> None:
        """Its reader gets no further event, but `failure` if there is one."""
        if not self._is_over:
            self._is_over = True
            self._failure = failure
            self._wake()

    async def aclose(self) -> None:
        """Frees everything; also right for a subscription that nobody ever read."""
        self.end()
        self._fanout.forget(self)

    # ------------------------------------------------------------

    async def _next(self) -> FanoutEvent:
        while True:
            self._check_over()
            now = self._fanout.clock.monotonic()
            step = self.pace.step(now, has_more=self._has_more, is_limited=self._is_limited)
            match step.act:
                case Act.END:
                    raise StopAsyncIteration
                case Act.WAIT:
                    await self._wait(step.until - now)
                case Act.TELL:
                    return self._event(self._nothing())
                case Act.READ:
                    result = await self._read()
                    if result.chunks or result.next_index is None or not self._has_begun:
                        return self._event(result)

    def _check_over(self) -> None:
        if self._is_over or self._index is None:
            failure, self._failure = self._failure, None
            raise failure or StopAsyncIteration
        if self.shard.is_gone:
            raise self._fanout.why_gone(self)

    @property
    def _has_more(self) -> bool:
        """Whether a read finds something: records, the shard's end, or the place of the first event."""
        shard = self.shard
        return not self._has_begun or shard.committed_index > (self._index or 0) or not shard.info.is_open

    @property
    def _is_limited(self) -> bool:
        return self._fanout.limit_mode(self.stream) is LimitMode.ENFORCE

    async def _read(self) -> ReadResult:
        result = await self._fanout.read(self.stream, self.shard, self._index or 0, EVENT_MAX_RECORDS, EVENT_MAX_BYTES)
        self._index = result.next_index
        self._behind_ms = result.millis_behind
        return result

    def _nothing(self) -> ReadResult:
        return ReadResult(self.shard.info, [], self._index, self._behind_ms)

    def _event(self, result: ReadResult) -> FanoutEvent:
        clock = self._fanout.clock
        size_bytes = sum(chunk.size_bytes for chunk in result.chunks)
        self._has_begun = True
        self.pace.sent(clock.monotonic(), size_bytes)
        counters = self.consumer.counters
        counters.events += 1
        counters.bytes += size_bytes
        counters.records += result.record_count
        counters.millis_behind = result.millis_behind
        if result.next_index is None:
            return FanoutEvent(result, None)
        # Arrivals never go back within a shard, though the machine's clock may.
        now_ms = max(clock.now_ms(), self.shard.last_arrival_ms)
        return FanoutEvent(result, continuation(result.shard, result.chunks, result.next_index, now_ms))

    async def _wait(self, delay_s: float) -> None:
        """Until a commit, the shard's end, this subscription's end, or the delay."""
        signal = self._signal = asyncio.get_running_loop().create_future()
        timer = self._fanout.clock.call_later(delay_s, self._wake)
        self.shard.watch(signal)
        try:
            await signal
        finally:
            timer.cancel()
            self.shard.unwatch(signal)
            self._signal = None

    def _wake(self) -> None:
        if self._signal is not None and not self._signal.done():
            self._signal.set_result(None)

    def __repr__(self) -> str:
        state = "over" if self._is_over else f"at {self._index}"
        return f"<Subscription {self.who} {state}>"


class Fanout:
    """All subscriptions, one per consumer and shard."""

    def __init__(self, clock: Clock, read: Read, limit_mode: Callable[[Stream], LimitMode]) -> None:
        self.clock = clock
        self.read = read
        self.limit_mode = limit_mode
        self._open: dict[tuple[int, str, int], Subscription] = {}
        self._is_closed = False

    def subscribe(self, consumer: Consumer, stream: Stream, shard: Shard, index: int) -> Subscription:
        """Begins at `index`; takes over from a subscription of the same consumer to the same shard.

        Raises ResourceInUse when that one is younger than five seconds, or the consumer is not ACTIVE.
        """
        if self._is_closed:
            raise BrokerClosed
        consumer.info.check_active()
        subscription = Subscription(self, consumer, stream, shard, index)
        held = self._open.get(_key(subscription))
        if held is not None:
            self._take_over(held, subscription)
        self._open[_key(subscription)] = subscription
        consumer.counters.subscriptions += 1
        return subscription

    def _take_over(self, held: Subscription, new: Subscription) -> None:
        try:
            check_takeover(held.pace.started, new.pace.started, held.who)
        except StreamcoreError:
            new.consumer.counters.refused += 1
            raise
        held.end(taken(held.who))

    def forget(self, subscription: Subscription) -> None:
        if self._open.get(_key(subscription)) is subscription:
            del self._open[_key(subscription)]

    def end_of(self, consumer: Consumer) -> None:
        """The consumer is deregistered: its subscriptions end and tell so."""
        for subscription in list(self._open.values()):
            if subscription.consumer is consumer:
                failure = self.why_gone(subscription) if subscription.shard.is_gone else None
                subscription.end(failure or consumer_not_found(subscription.stream.info, consumer.info.name))

    def close(self) -> None:
        """Ends all subscriptions in good order, for their readers to subscribe elsewhere, and begins no more."""
        self._is_closed = True
        for subscription in list(self._open.values()):
            subscription.end()

    def why_gone(self, subscription: Subscription) -> StreamcoreError:
        """Why nothing will be committed to a subscription's shard any more."""
        stream, shard = subscription.stream, subscription.shard
        if self._is_closed:
            return BrokerClosed()
        if stream.shards.get(shard.info.number) is not shard:
            return ShardNotFound(shard=shard.info.shard_id, stream=stream.info.name, account=stream.info.account)
        return StreamNotFound(stream=stream.info.name, account=stream.info.account)

    def __len__(self) -> int:
        return len(self._open)

    def __repr__(self) -> str:
        return f"<Fanout {len(self._open)} subscriptions>"


def _key(subscription: Subscription) -> tuple[int, str, int]:
    stream_id, shard_number = subscription.shard.key
    return stream_id, subscription.consumer.info.name, shard_number
