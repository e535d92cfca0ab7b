"""A stream that is in use: its catalogue entry, its router, its shards."""

from __future__ import annotations

import asyncio

from streamcore.engine.histogram import Histogram
from streamcore.engine.shard import Shard
from streamcore.errors import ShardNotFound, StreamNotActive
from streamcore.model.stream import SERVING, ShardInfo, ShardMap, StreamInfo, parse_shard_id
from streamcore.store.base import Extent, ShardKey


class Stream:
    """`info` is replaced as a whole when the stream changes; `shards` keep their counters and waiters through it."""

    __slots__ = ("changing", "info", "put_latency_s", "read_latency_s", "router", "shards")

    def __init__(self, info: StreamInfo, extents: dict[ShardKey, Extent]) -> None:
        self.info = info
        #: Held from reading `info` until what was derived from it is durable.
        self.changing = asyncio.Lock()
        self.router = ShardMap(info.shards)
        self.shards: dict[int, Shard] = {}
        self.put_latency_s = Histogram()
        self.read_latency_s = Histogram()
        self._adopt(extents)

    def _adopt(self, extents: dict[ShardKey, Extent]) -> None:
        for shard_info in self.info.shards:
            shard = self.shards.get(shard_info.number)
            if shard is None:
                key = ShardKey(self.info.stream_id, shard_info.number)
                self.shards[shard_info.number] = Shard(self.info.stream_id, shard_info, extents.get(key))
            else:
                shard.info = shard_info

    def update(self, info: StreamInfo) -> None:
        """Takes the new entry; whoever waits at the tail of a shard that closed is woken."""
        reshard = info.shards != self.info.shards
        self.info = info
        if reshard:
            self.router = ShardMap(info.shards)
            self._adopt({})
            kept = {shard.number for shard in info.shards}
            for number in [n for n in self.shards if n not in kept]:
                self.shards.pop(number).retire()
            for shard in self.shards.values():
                if not shard.info.is_open:
                    shard.wake()

    def shard(self, shard_id: str) -> Shard:
        """Raises ShardNotFound."""
        number = parse_shard_id(shard_id)
        shard = self.shards.get(number) if number is not None else None
        if shard is None:
            raise ShardNotFound(shard=shard_id[:128], stream=self.info.name, account=self.info.account)
        return shard

    def children(self, parent: ShardInfo) -> tuple[ShardInfo, ...]:
        return tuple(s for s in self.info.shards if parent.number in (s.parent, s.adjacent_parent))

    def check_serving(self) -> None:
        """Raises StreamNotActive while the stream is being created or deleted."""
        if self.info.status not in SERVING:
            raise StreamNotActive(stream=self.info.name, account=self.info.account, status=self.info.status)

    def __repr__(self) -> str:
        return repr(self.info)
