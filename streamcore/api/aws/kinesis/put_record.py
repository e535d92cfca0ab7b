"""PutRecord: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.shapes import (
    KINESIS,
    HashKey,
    PartitionKey,
    SequenceNumber,
    StreamARN,
    StreamName,
    find_stream,
)
from streamcore.api.aws.kinesis.sizes import Data, oversized, rehearse
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.errors import InvalidArgument, RecordTooLarge
from streamcore.model.sequence import INDEX_MAX, parse_sequence
from streamcore.model.stream import StreamInfo


class PutRecordInput(Shape, frozen=True, kw_only=True):
    sequence_number_for_ordering: SequenceNumber | None = None
    partition_key: PartitionKey
    explicit_hash_key: HashKey | None = None
    data: Data
    dry_run: bool | None = None
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


class PutRecordOutput(Shape, frozen=True, kw_only=True):
    shard_id: str
    sequence_number: str
    encryption_type: str | None = None


@KINESIS.action("PutRecord")
async def put_record(call: Call, input_: PutRecordInput) -> PutRecordOutput:
    """Stores one record; the answer comes once it is durable."""
    stream = find_stream(call, input_)
    if input_.sequence_number_for_ordering is not None:
        _check_ordering(call, stream, input_.sequence_number_for_ordering)
    if input_.dry_run:
        rehearse(stream, [input_.data], [input_.explicit_hash_key], "data")
    try:
        run = await call.broker.put_record(
            stream.name,
            input_.partition_key,
            input_.data,
            explicit_hash_key=input_.explicit_hash_key,
            scope=stream.scope,
        )
    except RecordTooLarge:
        raise oversized(stream, [input_.data], "data") from None
    return PutRecordOutput(
        shard_id=run.shard_id,
        sequence_number=str(run.first_sequence),
        encryption_type=None if stream.encryption_key is None else "KMS",
    )


def _check_ordering(call: Call, stream: StreamInfo, sequence_number: str) -> None:
    """A number to come after must be one, and not from the future; order is kept per shard anyway (facts sheet 1.3)."""
    if sequence_number == "0":
        return
    try:
        number = parse_sequence(sequence_number)
    except InvalidArgument:
        number = None
    now_s = call.broker.clock.now_ms() // 1000
    if number is None or number.running_index > INDEX_MAX or number.record_s > now_s:
        raise InvalidArgument(
            f"ExclusiveMinimumSequenceNumber {sequence_number} used in PutRecord on stream {stream.name} under "
            f"account {stream.account} is invalid."
        )
