"""What an on-failure destination gets, member by member (recorded from AWS)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.model.delivery import DiscardReason
from runtime.model.failure_record import failure_record
from runtime.model.rendered import RenderedRecord

RECORDS = [
    RenderedRecord(b"{}", "49590338271490256608559692538361571095921575989136588898", 1_545_084_650_987, 1),
    RenderedRecord(b"{}", "49590338271490256608559692540925702759324208523137515618", 1_545_084_711_166, 2),
]
GIVEN: dict[str, Any] = {
    "function_arn": "arn:aws:lambda:us-east-1:123456789012:function:myfunction",
    "stream_arn": "arn:aws:kinesis:us-east-1:123456789012:stream/mystream",
    "shard_id": "shardId-000000000006",
    "request_id": "c9b8fa9f-5a7f-xmpl-af9c-0c604cde93a5",
    "invokes": 3,
    "executed_version": "$LATEST",
    "function_error": "Unhandled",
    "now_ms": 1_545_084_720_000,
}
BATCH = {
    "shardId": "shardId-000000000006",
    "startSequenceNumber": RECORDS[0].sequence_number,
    "endSequenceNumber": RECORDS[1].sequence_number,
    "approximateArrivalOfFirstRecord": "2018-12-17T22:10:50.987Z",
    "approximateArrivalOfLastRecord": "2018-12-17T22:11:51.166Z",
    "batchSize": 2,
    "streamArn": GIVEN["stream_arn"],
}


@pytest.mark.parametrize("function_error", ["Unhandled", None])
def test_retries_used_up(function_error: str | None) -> None:
    given = {**GIVEN, "function_error": function_error}
    record = json.loads(failure_record(RECORDS, DiscardReason.RETRY_ATTEMPTS_EXHAUSTED, **given))
    assert record == {
        "requestContext": {
            "requestId": GIVEN["request_id"],
            "functionArn": GIVEN["function_arn"],
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": function_error},
        "version": "1.0",
        "timestamp": "2018-12-17T22:12:00.000Z",
        "KinesisBatchInfo": BATCH,
    }


def test_too_old_has_no_response() -> None:
    record = json.loads(failure_record(RECORDS, DiscardReason.RECORD_AGE_EXCEEDED, **GIVEN))
    assert record["requestContext"]["condition"] == "RecordAgeExceeded"
    assert "responseContext" not in record


def test_a_destination_that_keeps_the_event() -> None:
    record = json.loads(
        failure_record(RECORDS, DiscardReason.RETRY_ATTEMPTS_EXHAUSTED, **GIVEN, payload=b'{"Records":[]}')
    )
    assert record["payload"] == {"Records": []}
