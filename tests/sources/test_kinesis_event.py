"""Records of a stream on their way into an event: sizes and positions."""

from __future__ import annotations

from runtime.sources import kinesis
from streamcore.model.record import Chunk
from streamcore.model.stream import ShardInfo, uniform_shards

ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
SHARD: ShardInfo = uniform_shards(1, 1_700_000_000)[0]


def test_sizes_are_those_of_the_event() -> None:
    chunk = Chunk(7, 1_700_000_001_000, [b"a", b"b", b"c"], [b"1", b"22", b"333"])
    records = kinesis.KinesisRenderer(ARN, SHARD).render(chunk)
    assert len(kinesis.event(records)) == kinesis.OVERHEAD_BYTES + sum(r.size_bytes for r in records) - 1
    assert [r.position for r in records] == [7, 8, 9]
    assert {r.arrived_ms for r in records} == {1_700_000_001_000}
