"""Changes of streams: a rule of model/ says what the stream becomes, here it is made durable, one change at a time.

When shards change, puts wait for that one commit. What was stamped before is ahead of it in the queue, so it is in the
closed shard and committed no later than the close; what comes after is routed to the children. If the commit fails,
the parents are as open as before and the puts go on with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from streamcore.clock import Clock
from streamcore.engine.catalog import Catalog
from streamcore.engine.stream import Stream
from streamcore.errors import StreamNotFound
from streamcore.model.reshard import check_account_shards
from streamcore.model.stream import Scope, StreamInfo, StreamMode

#: A change: the stream as it is, and the time → the stream as it is to be; the same value when nothing changes.
Rule = Callable[[StreamInfo, int], StreamInfo]


class Changed(NamedTuple):
    """What a change did."""

    before: StreamInfo
    after: StreamInfo


class Resharding:
    """Applies rules to streams."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock
        self._growing: Counter[Scope] = Counter()

    def open_shards(self, scope: Scope) -> int:
        """Those that count towards an account's quota: of provisioned streams, with those being made."""
        return sum(_counted(stream.info) for stream in self._catalog.streams(scope)) + self._growing[scope]

    async def apply(self, stream: Stream, rule: Rule, shard_quota: int | None = None) -> Changed:
        """Returns once the change is durable. Raises what the rule raises, LimitExceeded beyond the quota,
        StreamNotFound when the stream was deleted meanwhile."""
        async with stream.changing:
            before = stream.info
            if self._catalog.get(before.stream_id) is not stream:
                raise StreamNotFound(stream=before.name, account=before.account)
            after = rule(before, self._now_ms(stream))
            growth = _counted(after) - _counted(before)
            if shard_quota is not None:
                check_account_shards(before.scope, self.open_shards(before.scope), growth, shard_quota)
            if after.shards is not before.shards:
                await self._reshard(stream, after, growth)
            elif after is not before:
                await self._catalog.change(stream, after)
            return Changed(before, after)

    async def _reshard(self, stream: Stream, after: StreamInfo, growth: int) -> None:
        scope = after.scope
        self._growing[scope] += growth
        try:
            with stream.close_shards():
                await self._catalog.change(stream, after)
        finally:
            self._growing[scope] -= growth

    def _now_ms(self, stream: Stream) -> int:
        """Not before any record of the stream, also when the clock was set back: a parent ends after its records."""
        return max(self._clock.now_ms(), *(shard.last_arrival_ms for shard in stream.shards.values()))

    def __repr__(self) -> str:
        return f"<Resharding, {sum(self._growing.values())} shards being made>"


def _counted(stream: StreamInfo) -> int:
    return 0 if stream.mode is StreamMode.ON_DEMAND else sum(shard.is_open for shard in stream.shards)
