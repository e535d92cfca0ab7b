"""The Lambda event for Kinesis records (facts: AWS developer guide, "Using Lambda with Kinesis", and recorded events).

The JSON of a record is made once, here, from columns; what is the same for all records of a shard is made once a shard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import pybase64

from runtime.model.filtering import Select
from runtime.model.rendered import RenderedRecord
from runtime.sources.registry import Invocation, Source
from streamcore.model.record import Chunk
from streamcore.model.stream import ShardInfo, uniform_shards

ROLE: Final = "arn:aws:iam::{account}:role/streamcore"
HEAD: Final = b'{"Records":['
TAIL: Final = b"]}"
#: Bytes of an event around its records.
OVERHEAD_BYTES: Final = len(HEAD) + len(TAIL)

_json = msgspec.json.encode


class KinesisRenderer:
    """Renders those records of one shard of one stream that `select` takes; all of them without one."""

    def __init__(self, stream_arn: str, shard: ShardInfo, select: Select | None = None) -> None:
        self._select = select
        _, _, _, region, account, _ = stream_arn.split(":", 5)
        self._shard = shard
        role = _json(ROLE.format(account=account)).decode()
        self._after_id = (
            f'","eventName":"aws:kinesis:record","invokeIdentityArn":{role},'
            f'"awsRegion":{_json(region).decode()},"eventSourceARN":{_json(stream_arn).decode()}}}'
        )

    def render(self, chunk: Chunk) -> list[RenderedRecord]:
        """The chunk's records, in order."""
        shard_id, after_id = self._shard.shard_id, self._after_id
        arrival_ms, first = chunk.arrival_ms, chunk.first_index
        arrival = f"{arrival_ms // 1000}.{arrival_ms % 1000:03d}"
        before_id = (
            f'","approximateArrivalTimestamp":{arrival}}},"eventSource":"aws:kinesis","eventVersion":"1.0",'
            f'"eventID":"{shard_id}:'
        )
        head = '{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":'
        encode, select, new = pybase64.b64encode_as_string, self._select, tuple.__new__
        # A named tuple's own constructor is a Python function: per record that is a tenth of all this.
        return [
            new(
                RenderedRecord,
                (
                    f'{head}{_json(key.decode()).decode()},"sequenceNumber":"{number}",'
                    f'"data":"{encode(data)}{before_id}{number}{after_id}'.encode(),
                    number,
                    arrival_ms,
                    position,
                ),
            )
            for key, data, number, position in zip(
                chunk.keys, chunk.datas, chunk.sequences(self._shard), range(first, chunk.next_index), strict=True
            )
            if select is None or select(key, data, number, arrival_ms)
        ]


def constants(stream_arn: str) -> dict[str, Any]:
    """The members of a record that filters may look at and that all records of a stream share."""
    _, _, _, region, account, _ = stream_arn.split(":", 5)
    return {
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": ROLE.format(account=account),
        "awsRegion": region,
        "eventSourceARN": stream_arn,
    }


def event(records: Sequence[RenderedRecord], more: bytes = b"") -> bytes:
    """The whole event of a batch; `more` are further members, a comma before each."""
    return HEAD + b",".join([record.json for record in records]) + b"]" + more + b"}"


def _example() -> bytes:
    keys = [b"partitionKey-03", 'k"\u00e9'.encode()]
    chunk = Chunk(1, 1_428_537_600_042, keys, [b"Hello, this is a test 123.", b"\x00\xff"])
    shard = uniform_shards(1, 1_428_537_000)[0]
    stream_arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/example"
    return event(KinesisRenderer(stream_arn, shard).render(chunk))


SOURCE: Final = Source(
    event_source="aws:kinesis",
    about="Records of a stream, by an event source mapping.",
    invocation=Invocation.BATCHES,
    template="kinesis",
    example=_example,
)
