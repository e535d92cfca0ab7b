"""The Lambda event for Kinesis: golden text from AWS's documentation and recorded events."""

from __future__ import annotations

import json

from runtime.sources import kinesis
from streamcore.model.record import Chunk
from streamcore.model.stream import ShardInfo, uniform_shards

ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
SHARD: ShardInfo = uniform_shards(1, 1_700_000_000)[0]


def test_the_event_of_two_records() -> None:
    chunk = Chunk(1, 1_700_000_001_042, ['k"\u00e9'.encode(), b"b"], [b"Hello, this is a test.", b"\x00\xff"])
    records = kinesis.KinesisRenderer(ARN, SHARD).render(chunk)
    event = kinesis.event(records)
    numbers = chunk.sequences(SHARD)
    assert json.loads(event) == {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": key,
                    "sequenceNumber": number,
                    "data": data,
                    "approximateArrivalTimestamp": 1700000001.042,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"shardId-000000000000:{number}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:aws:iam::123456789012:role/streamcore",
                "awsRegion": "eu-west-1",
                "eventSourceARN": ARN,
            }
            for key, number, data in zip(
                ['k"\u00e9', "b"], numbers, ["SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==", "AP8="], strict=True
            )
        ]
    }


def test_sizes_are_those_of_the_event() -> None:
    chunk = Chunk(7, 1_700_000_001_000, [b"a", b"b", b"c"], [b"1", b"22", b"333"])
    records = kinesis.KinesisRenderer(ARN, SHARD).render(chunk)
    assert len(kinesis.event(records)) == kinesis.OVERHEAD_BYTES + sum(r.size_bytes for r in records) - 1
    assert [r.position for r in records] == [7, 8, 9]
    assert {r.arrived_ms for r in records} == {1_700_000_001_000}
