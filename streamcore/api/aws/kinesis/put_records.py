"""PutRecords: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html

The hot path in. Per record it costs the decoding, three list comprehensions and the text of the answer; everything that
is the same for all records of a shard is written once.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import cbor2
import msgspec

from streamcore.api.aws.errors import TABLE
from streamcore.api.aws.kinesis.shapes import (
    KINESIS,
    HashKey,
    PartitionKey,
    StreamARN,
    StreamName,
    find_stream,
)
from streamcore.api.aws.kinesis.sizes import Data, check_request_size, oversized, rehearse
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.errors import RecordTooLarge, ThroughputExceeded
from streamcore.model import limits
from streamcore.model.put import PutRefusal, PutResult, PutRun
from streamcore.model.stream import StreamInfo, shard_id

_REFUSED_CODE: Final = TABLE[ThroughputExceeded].code


class PutRecordsRequestEntry(Shape, frozen=True, kw_only=True, gc=False):
    data: Data
    explicit_hash_key: HashKey | None = None
    partition_key: PartitionKey


class PutRecordsInput(Shape, frozen=True, kw_only=True):
    records: Annotated[
        list[PutRecordsRequestEntry], msgspec.Meta(min_length=1, max_length=limits.PUT_RECORDS_MAX_ENTRIES)
    ]
    dry_run: bool | None = None
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


class PutRecordsOutput:
    """The answer: an entry per record, in the order of the request."""

    __slots__ = ("_result", "_stream")

    def __init__(self, result: PutResult, stream: StreamInfo) -> None:
        self._result = result
        self._stream = stream

    def to_json(self) -> bytes:
        # Shard ids, numbers and stream names need no escaping.
        encryption = '"EncryptionType":"KMS",' if self._stream.encryption_key is not None else ""
        head = f'{{{encryption}"FailedRecordCount":{self._result.failed_count},"Records":['
        return f"{head}{self._entries()}]}}".encode()

    def _entries(self) -> str:
        result = self._result
        if len(result.runs) == 1 and not result.refused:
            run = result.runs[0]
            between = f'","ShardId":"{run.shard_id}"}},{{"SequenceNumber":"'
            return f'{{"SequenceNumber":"{between.join(run.sequences())}","ShardId":"{run.shard_id}"}}'
        entries = [""] * result.count
        for run in result.runs:
            self._place_run(entries, run)
        for refusal in result.refused:
            self._place_refusal(entries, refusal)
        return ",".join(entries)

    def _place_run(self, entries: list[str], run: PutRun) -> None:
        tail = f'","ShardId":"{run.shard_id}"}}'
        for position, number in zip(run.positions, run.sequences(), strict=True):
            entries[position] = f'{{"SequenceNumber":"{number}{tail}'

    def _place_refusal(self, entries: list[str], refusal: PutRefusal) -> None:
        text = f'{{"ErrorCode":"{_REFUSED_CODE}","ErrorMessage":"{self._refusal_text(refusal)}"}}'
        for position in refusal.positions:
            entries[position] = text

    def _refusal_text(self, refusal: PutRefusal) -> str:
        stream = self._stream
        return str(ThroughputExceeded(shard=shard_id(refusal.shard_number), stream=stream.name, account=stream.account))

    def to_cbor(self) -> bytes:
        result = self._result
        entries: list[Any] = [None] * result.count
        for run in result.runs:
            shard = run.shard_id
            for position, number in zip(run.positions, run.sequences(), strict=True):
                entries[position] = {"SequenceNumber": number, "ShardId": shard}
        for refusal in result.refused:
            entry = {"ErrorCode": _REFUSED_CODE, "ErrorMessage": self._refusal_text(refusal)}
            for position in refusal.positions:
                entries[position] = entry
        output = {"FailedRecordCount": result.failed_count, "Records": entries}
        if self._stream.encryption_key is not None:
            output["EncryptionType"] = "KMS"
        return cbor2.dumps(output)


@KINESIS.action("PutRecords")
async def put_records(call: Call, input_: PutRecordsInput) -> PutRecordsOutput:
    """Stores many records; each is answered in its place, and one that a shard's limit refuses fails alone."""
    stream = find_stream(call, input_)
    records = input_.records
    datas = [record.data for record in records]
    keys = [record.partition_key for record in records]
    hash_keys = [record.explicit_hash_key for record in records]
    check_request_size(datas, keys)
    if input_.dry_run:
        rehearse(stream, datas, hash_keys, "records.{}.member.data")
    explicit = None if hash_keys.count(None) == len(hash_keys) else hash_keys
    try:
        result = await call.broker.put_records(
            stream.name, keys, datas, explicit_hash_keys=explicit, scope=stream.scope
        )
    except RecordTooLarge:
        raise oversized(stream, datas, "records.{}.member.data") from None
    return PutRecordsOutput(result, stream)
