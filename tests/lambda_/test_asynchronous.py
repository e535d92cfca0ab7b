"""Asynchronous invocations over a real server: queue, retries' end, destinations, metrics, logs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

PYTHON = """
def handler(event, context):
    print("got", event)
    if event.get("fail"):
        raise ValueError("no")
    return {"handled": event}
"""
PATIENCE_S = 20.0


def until(what: Callable[[], Any]) -> Any:
    """What it returns, once that is something; for what happens in the background of a server."""
    end_s = time.monotonic() + PATIENCE_S
    while not (found := what()):
        assert time.monotonic() < end_s, "it did not happen"
        time.sleep(0.02)
    return found


@pytest.fixture
def stream(endpoint: Any) -> Any:
    """A stream as a destination: its ARN, and all that has come to it so far."""
    kinesis = endpoint.client("kinesis")
    kinesis.create_stream(StreamName="out", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="out", WaiterConfig={"Delay": 0, "MaxAttempts": 500})
    arn = kinesis.describe_stream_summary(StreamName="out")["StreamDescriptionSummary"]["StreamARN"]

    def records() -> list[Any]:
        token = kinesis.get_shard_iterator(
            StreamName="out", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return [json.loads(record["Data"]) for record in kinesis.get_records(ShardIterator=token)["Records"]]

    def patiently() -> list[Any]:
        try:
            return records()
        except kinesis.exceptions.ProvisionedThroughputExceededException:
            time.sleep(0.3)
            return []

    return arn, patiently


@pytest.mark.parametrize(("event", "condition"), [({"a": 1}, "Success"), ({"fail": True}, "RetriesExhausted")])
def test_destinations(endpoint: Any, stream: Any, event: dict[str, Any], condition: str) -> None:
    arn, records = stream
    function = endpoint.create("f", {"app.py": PYTHON})
    both = {"OnSuccess": {"Destination": arn}, "OnFailure": {"Destination": arn}}
    endpoint.functions.put_function_event_invoke_config(
        FunctionName="f", MaximumRetryAttempts=0, DestinationConfig=both
    )
    answer = endpoint.functions.invoke(FunctionName="f", InvocationType="Event", Payload=json.dumps(event))
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    (record,) = until(records)
    request_id = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
    assert record["requestContext"] == {
        "requestId": request_id,
        "functionArn": f"{function}:$LATEST",
        "condition": condition,
        "approximateInvokeCount": 1,
    }
    assert record["requestPayload"] == event
    assert record["responseContext"]["executedVersion"] == "$LATEST"


def test_one_function_hands_on_to_another(endpoint: Any, stream: Any) -> None:
    arn, records = stream
    endpoint.create("first", {"app.py": PYTHON})
    second = endpoint.create("second", {"app.py": PYTHON})
    endpoint.functions.put_function_event_invoke_config(
        FunctionName="first", DestinationConfig={"OnSuccess": {"Destination": second}}
    )
    endpoint.functions.put_function_event_invoke_config(
        FunctionName="second", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    endpoint.functions.invoke(FunctionName="first", InvocationType="Event", Payload=b'{"a": 1}')
    (record,) = until(records)
    assert record["requestPayload"]["responsePayload"] == {"handled": {"a": 1}}


def test_it_is_in_the_logs(endpoint: Any) -> None:
    endpoint.create("f", {"app.py": PYTHON})
    endpoint.functions.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"a": 1}')
    logs = endpoint.client("logs")

    def lines() -> list[str]:
        try:
            events = logs.filter_log_events(logGroupName="/aws/lambda/f")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        found = [event["message"] for event in events]
        return found if any(line.startswith("REPORT") for line in found) else []

    found = until(lines)
    assert "got {'a': 1}\n" in found
    assert [line.split(" ")[0] for line in found if line.isupper() or line[:3] in ("STA", "END", "REP")] == [
        "START", "END", "REPORT",
    ]  # fmt: skip


def test_a_dead_letter_needs_a_target_that_is_there(endpoint: Any) -> None:
    target = "arn:aws:kinesis:us-east-1:000000000000:stream/none"
    endpoint.create("f", {"app.py": PYTHON})
    endpoint.functions.put_function_event_invoke_config(
        FunctionName="f", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": target}}
    )
    endpoint.functions.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"fail": true}')
    assert endpoint.invoke("f", {"a": 1}) == {"handled": {"a": 1}}  # what cannot be told harms nobody
