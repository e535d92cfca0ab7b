"""The Lambda event for Kinesis records (facts: AWS developer guide, "Using Lambda with Kinesis", and recorded events).

The JSON of a record is made once, here, from columns; what is the same for all records of a shard is made once a shard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import pybase64

from runtime.model.rendered import RenderedRecord
from streamcore.model.record import Chunk
from streamcore.model.stream import ShardInfo

ROLE: Final = "arn:aws:iam::{account}:role/streamcore"
HEAD: Final = b'{"Records":['
TAIL: Final = b"]}"
#: Bytes of an event around its records.
OVERHEAD_BYTES: Final = len(HEAD) + len(TAIL)

_json = msgspec.json.encode


class KinesisRenderer:
    """Renders the records of one shard of one stream."""

    def __init__(self, stream_arn: str, shard: ShardInfo) -> None:
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
            f'","approximateArrivalTimestamp":{arrival}}},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"'
        )
        encode = pybase64.b64encode_as_string
        return [
            RenderedRecord(
                f'{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":{_json(key.decode()).decode()},'
                f'"sequenceNumber":"{number}","data":"{encode(data)}{before_id}{shard_id}:{number}{after_id}'.encode(),
                number,
                arrival_ms,
                first + offset,
            )
            for offset, (key, data, number) in enumerate(
                zip(chunk.keys, chunk.datas, chunk.sequences(self._shard), strict=True)
            )
        ]


def event(records: Sequence[RenderedRecord]) -> bytes:
    """The whole event of a batch."""
    return HEAD + b",".join([record.json for record in records]) + TAIL
