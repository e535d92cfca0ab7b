"""On-demand streams: when a shard is split because of its traffic, and when two are merged for want of it.

They start with four shards (facts sheet 1.2: 4 MB/s in). AWS does not say how it scales; these are our rules:
- A shard that is offered 80 % of a shard's limit in each of two consecutive seconds is split in the middle.
- After a quarter of an hour, neighbours that together never had more than half a shard's limit in any second of it are
  merged, but not below four shards or what the stream is to be kept warm for.
- At most 200 shards (AWS's 200 MB/s), and none narrower than 1/256 of all keys: one hot key cannot split without end.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from streamcore.errors import InvalidArgument
from streamcore.model import limits
from streamcore.model.control import check_on_demand, switch_mode
from streamcore.model.hashing import HASH_KEY_MAX
from streamcore.model.reshard import Lineage, check_active, first_key, middle, width
from streamcore.model.stream import SERVING, ShardInfo, StreamInfo, StreamMode, StreamStatus

SHARDS_AT_START: Final = 4
SHARDS_MAX: Final = 200
NARROWEST: Final = (HASH_KEY_MAX + 1) // 256
SPLIT_AT: Final = 0.8
HOT_SECONDS: Final = 2
MERGE_BELOW: Final = 0.5
COOL_DOWN_S: Final = 900
#: The largest WarmThroughputMiBps: what SHARDS_MAX can take.
WARM_MAX_MIBPS: Final = SHARDS_MAX


class Load:
    """What one shard was offered, in windows of one second: refused records count, they are what asks for more."""

    __slots__ = ("_bytes", "_hot_second", "_records", "_second", "_streak", "peak")

    def __init__(self) -> None:
        self._second = self._hot_second = -HOT_SECONDS
        self._records = self._bytes = self._streak = 0
        #: The fullest second since the last cool-down, as a share of the limit.
        self.peak = 0.0

    def add(self, records: int, size_bytes: int, now: float) -> bool:
        """Counts a put; whether the shard has now been hot for long enough to be split. `now` is monotonic."""
        second = int(now)
        if second != self._second:
            self._second, self._records, self._bytes = second, 0, 0
        self._records += records
        self._bytes += size_bytes
        share = max(self._records / limits.SHARD_WRITE_RECORDS_PER_S, self._bytes / limits.SHARD_WRITE_BYTES_PER_S)
        self.peak = max(self.peak, share)
        if share < SPLIT_AT or second == self._hot_second:
            return False
        self._streak = self._streak + 1 if second == self._hot_second + 1 else 1
        self._hot_second = second
        if self._streak < HOT_SECONDS:
            return False
        self._streak = 0
        return True

    def __repr__(self) -> str:
        return f"<Load {self._records} records, {self._bytes} bytes this second, peak {self.peak:.0%}>"


def floor(stream: StreamInfo) -> int:
    """As few shards as the stream is left with."""
    return max(SHARDS_AT_START, stream.warm_throughput_mibps or 0)


def can_shrink(stream: StreamInfo) -> bool:
    return (
        stream.mode is StreamMode.ON_DEMAND
        and stream.status in SERVING
        and sum(shard.is_open for shard in stream.shards) > floor(stream)
    )


def split_hot(stream: StreamInfo, at_ms: int, *, shard: int) -> StreamInfo:
    """The stream with that shard halved, or as it is when it may not be. It stays ACTIVE: nobody asked for a change."""
    open_shards = stream.open_shards
    parent = next((each for each in open_shards if each.number == shard), None)
    allowed = stream.mode is StreamMode.ON_DEMAND and stream.status in SERVING and len(open_shards) < SHARDS_MAX
    if parent is None or not allowed or width(parent) < 2 * NARROWEST:
        return stream
    lineage = Lineage(stream.shards, at_ms)
    lineage.split(parent, middle(parent))
    return msgspec.structs.replace(stream, shards=lineage.shards)


def merge_cold(stream: StreamInfo, at_ms: int, *, peaks: Mapping[int, float]) -> StreamInfo:
    """The stream with cold neighbours merged, each shard at most once; `peaks` are by shard number."""
    if not can_shrink(stream):
        return stream
    lineage = Lineage(stream.shards, at_ms)
    pairs = _cold_pairs(stream, at_ms // 1000 - COOL_DOWN_S, peaks)
    if not pairs:
        return stream
    for pair in pairs:
        lineage.merge(*pair)
    return msgspec.structs.replace(stream, shards=lineage.shards)


def _cold_pairs(
    stream: StreamInfo, created_before_s: int, peaks: Mapping[int, float]
) -> list[tuple[ShardInfo, ShardInfo]]:
    ordered = sorted(stream.open_shards, key=first_key)
    most = len(ordered) - floor(stream)
    pairs: list[tuple[ShardInfo, ShardInfo]] = []
    position = 0
    while position + 1 < len(ordered) and len(pairs) < most:
        pair = ordered[position], ordered[position + 1]
        peak = sum(peaks.get(shard.number, 0.0) for shard in pair)
        if peak <= MERGE_BELOW and all(shard.created_s <= created_before_s for shard in pair):
            pairs.append(pair)
            position += 1
        position += 1
    return pairs


def warm_up(stream: StreamInfo, at_ms: int, *, mibps: int) -> StreamInfo:
    """UpdateStreamWarmThroughput: at least one shard per MiB/s, at once and as long as it is set; 0 takes it back."""
    check_on_demand(stream)
    check_active(stream)
    check_warm(mibps)
    lineage = Lineage(stream.shards, at_ms)
    split_widest(lineage, stream.open_shards, mibps)
    return msgspec.structs.replace(
        stream.moved_to(StreamStatus.UPDATING), shards=lineage.shards, warm_throughput_mibps=mibps or None
    )


def switch_on(stream: StreamInfo, at_ms: int, *, mibps: int = 0) -> StreamInfo:
    """UpdateStreamMode to ON_DEMAND, warm for so much from the start."""
    switched = switch_mode(stream, at_ms, mode=StreamMode.ON_DEMAND)
    if not mibps:
        return switched
    if switched is stream:
        return warm_up(stream, at_ms, mibps=mibps)
    check_warm(mibps)
    lineage = Lineage(stream.shards, at_ms)
    split_widest(lineage, stream.open_shards, mibps)
    return msgspec.structs.replace(switched, shards=lineage.shards, warm_throughput_mibps=mibps)


def check_warm(mibps: int) -> None:
    """Raises InvalidArgument for more than the broker's shards of one stream can take."""
    if mibps > WARM_MAX_MIBPS:
        raise InvalidArgument(f"WarmThroughputMiBps cannot be more than {WARM_MAX_MIBPS}, {mibps} was requested.")


def split_widest(lineage: Lineage, open_shards: Iterable[ShardInfo], count: int) -> None:
    """Halves the widest shard until there are `count`."""
    heap = [(-width(shard), shard.number, shard) for shard in open_shards]
    heapq.heapify(heap)
    while len(heap) < count:
        _, _, widest = heapq.heappop(heap)
        for child in lineage.split(widest, middle(widest)):
            heapq.heappush(heap, (-width(child), child.number, child))
