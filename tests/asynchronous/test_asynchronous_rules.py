"""The rules of asynchronous invocations: when an event is tried again, when it leaves, what is said of it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from runtime.errors import InvalidParameterError
from runtime.model.asynchronous import (
    Condition,
    Leave,
    Policy,
    QueuedEvent,
    Result,
    Retry,
    answered,
    dead_letter_attributes,
    destination_record,
    refused,
)

NOW_MS = 1_700_000_000_000
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
OK = Result(payload=b'"done"', executed_version="$LATEST")
FAILED = Result(payload=b'{"errorMessage":"no","errorType":"E"}', executed_version="3", function_error="Unhandled")


def event(**fields: Any) -> QueuedEvent:
    given = {
        "request_id": "r-1", "function_arn": ARN, "qualifier": "", "accepted_ms": NOW_MS, "due_ms": NOW_MS,
        "size_bytes": 2,
    }  # fmt: skip
    return QueuedEvent(**{**given, **fields})


@pytest.mark.parametrize(("retries", "attempts", "expected"), [
    (2, 0, 60_000),
    (2, 1, 120_000),
    (2, 2, Condition.RETRIES_EXHAUSTED),
    (1, 0, 60_000),
    (1, 1, Condition.RETRIES_EXHAUSTED),
    (0, 0, Condition.RETRIES_EXHAUSTED),
])  # fmt: skip
def test_after_a_function_error(retries: int, attempts: int, expected: object) -> None:
    decision = answered(event(attempts=attempts), FAILED, Policy(maximum_retry_attempts=retries), NOW_MS)
    if isinstance(expected, Condition):
        assert decision == Leave(expected)
    else:
        assert isinstance(decision, Retry)
        assert decision.event.due_ms - NOW_MS == expected
        assert (decision.event.attempts, decision.event.result) == (attempts + 1, FAILED)


def test_success_leaves() -> None:
    assert answered(event(attempts=2), OK, Policy(), NOW_MS) == Leave(Condition.SUCCESS)


@pytest.mark.parametrize(("throttles", "wait_s"), [(0, 1), (1, 2), (5, 32), (8, 256), (9, 300), (400, 300)])
def test_throttles_wait_longer_and_longer(throttles: int, wait_s: int) -> None:
    decision = refused(event(throttles=throttles, attempts=1), Policy(), NOW_MS)
    assert isinstance(decision, Retry)
    assert decision.event.due_ms == NOW_MS + wait_s * 1000
    assert (decision.event.attempts, decision.event.throttles) == (1, throttles + 1)
    spread = refused(event(throttles=throttles), Policy(), NOW_MS, jitter=0.999)
    assert isinstance(spread, Retry)
    assert NOW_MS + wait_s * 500 <= spread.event.due_ms < NOW_MS + wait_s * 1000


def test_a_wait_ends_with_the_age_of_the_event() -> None:
    decision = refused(event(throttles=9), Policy(maximum_event_age_s=60), NOW_MS + 50_000)
    assert isinstance(decision, Retry)
    assert decision.event.due_ms == NOW_MS + 60_000


@pytest.mark.parametrize("fields", [
    {"maximum_retry_attempts": 3}, {"maximum_retry_attempts": -1}, {"maximum_event_age_s": 59},
    {"maximum_event_age_s": 21_601},
])  # fmt: skip
def test_a_policy_out_of_range(fields: dict[str, int]) -> None:
    with pytest.raises(InvalidParameterError):
        Policy(**fields)


def test_the_record_of_a_failure() -> None:
    done = event(attempts=3, result=FAILED)
    record = json.loads(destination_record(done, b'{"a": 1}', Condition.RETRIES_EXHAUSTED, NOW_MS + 7))
    assert record == {
        "version": "1.0",
        "timestamp": "2023-11-14T22:13:20.007Z",
        "requestContext": {
            "requestId": "r-1",
            "functionArn": f"{ARN}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"a": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "3", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "no", "errorType": "E"},
    }


def test_the_record_of_a_success_has_no_error() -> None:
    record = json.loads(destination_record(event(attempts=1, result=OK), b"1", Condition.SUCCESS, NOW_MS))
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert record["responsePayload"] == "done"


def test_the_record_of_an_event_that_never_ran() -> None:
    record = json.loads(destination_record(event(qualifier="live"), b"1", Condition.EVENT_AGE_EXCEEDED, NOW_MS))
    assert record["requestContext"]["functionArn"] == f"{ARN}:live"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert record.keys().isdisjoint({"responseContext", "responsePayload"})


@pytest.mark.parametrize("payload", [b"\xff\xfe", b"plain", b'{"a":'])
def test_a_result_that_is_no_json_is_told_as_text(payload: bytes) -> None:
    result = msgspec.structs.replace(OK, payload=payload)
    record = json.loads(destination_record(event(result=result), b"1", Condition.SUCCESS, NOW_MS))
    assert record["responsePayload"] == payload.decode(errors="replace")


@pytest.mark.parametrize(("result", "message"), [
    (FAILED, "no"),
    (msgspec.structs.replace(FAILED, payload=b"[1]"), "[1]"),
    (msgspec.structs.replace(FAILED, payload=json.dumps({"errorMessage": "ä" * 2000}).encode()), "ä" * 512),
    (None, ""),
])  # fmt: skip
def test_dead_letters(result: Result | None, message: str) -> None:
    attributes = dead_letter_attributes(event(result=result))
    assert attributes == {"RequestID": "r-1", "ErrorCode": "200", "ErrorMessage": message}
