"""What an on-failure destination is told of records that a mapping gave up (recorded from AWS)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from runtime.model.asynchronous import RequestContext, timestamp
from runtime.model.delivery import DiscardReason
from runtime.model.rendered import RenderedRecord


class ResponseContext(msgspec.Struct, frozen=True, rename="camel"):
    """Of the last invoke. `function_error` is null when the function answered, with failures in its answer."""

    status_code: int
    executed_version: str
    function_error: str | None


class KinesisBatchInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Which records: numbers and arrivals of the first and the last."""

    shard_id: str
    start_sequence_number: str
    end_sequence_number: str
    approximate_arrival_of_first_record: str
    approximate_arrival_of_last_record: str
    batch_size: int
    stream_arn: str


class FailureRecord(msgspec.Struct, frozen=True, rename="camel"):
    request_context: RequestContext
    response_context: ResponseContext | msgspec.UnsetType
    version: str
    timestamp: str
    kinesis_batch_info: KinesisBatchInfo = msgspec.field(name="KinesisBatchInfo")
    payload: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def failure_record(
    records: Sequence[RenderedRecord],
    reason: DiscardReason,
    *,
    function_arn: str,
    stream_arn: str,
    shard_id: str,
    request_id: str,
    invokes: int,
    executed_version: str,
    function_error: str | None,
    now_ms: int,
    payload: bytes | None = None,
) -> bytes:
    """JSON. `payload` is the event, for a destination that keeps it (S3). Records that became too old were perhaps
    never sent: their record has no response."""
    first, last = records[0], records[-1]
    response: ResponseContext | msgspec.UnsetType = msgspec.UNSET
    if reason is not DiscardReason.RECORD_AGE_EXCEEDED:
        response = ResponseContext(200, executed_version, function_error)
    record = FailureRecord(
        RequestContext(request_id, function_arn, reason.value, invokes),
        response,
        "1.0",
        timestamp(now_ms),
        KinesisBatchInfo(
            shard_id,
            first.sequence_number,
            last.sequence_number,
            timestamp(first.arrived_ms),
            timestamp(last.arrived_ms),
            len(records),
            stream_arn,
        ),
        msgspec.UNSET if payload is None else msgspec.Raw(payload),
    )
    return msgspec.json.encode(record)
