"""A function's day with boto3 over a socket: upload, invoke, logs, metrics, and what becomes of events."""

import base64
import datetime
import io
import json
import zipfile

import boto3
import pytest

SOURCE = """
import sys
def handler(event, context):
    print("handled", event["n"])
    if event["n"] < 0:
        raise ValueError("negative")
    return event["n"] * 2
"""
ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/failures"


@pytest.fixture
def client(streamcore_url):
    made = []

    def of(service):
        keys = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "x", "region_name": "us-east-1"}
        made.append(boto3.client(service, endpoint_url=streamcore_url, **keys))
        return made[-1]

    yield of
    for each in made:
        each.close()


@pytest.fixture
def doubler(client):
    """The function `double`, Active."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("app.py", SOURCE)
    functions = client("lambda")
    functions.create_function(
        FunctionName="double",
        Runtime="python3.12",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/r",
        Code={"ZipFile": archive.getvalue()},
        Timeout=20,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="double", WaiterConfig={"Delay": 0})
    return functions


def first_records(kinesis, stream, count):
    """As soon as they are there; GetRecords is asked again until then."""
    shard = {"StreamName": stream, "ShardId": "shardId-000000000000"}
    iterator = kinesis.get_shard_iterator(**shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    found, deadline = [], datetime.datetime.now() + datetime.timedelta(seconds=30)
    while len(found) < count:
        assert datetime.datetime.now() < deadline, found
        answer = kinesis.get_records(ShardIterator=iterator)
        found += [record["Data"] for record in answer["Records"]]
        iterator = answer["NextShardIterator"]
    return found


def test_a_functions_day(client, doubler):
    done = doubler.invoke(FunctionName="double", Payload=b'{"n":21}', LogType="Tail")
    assert json.loads(done["Payload"].read()) == 42
    tail = base64.b64decode(done["LogResult"]).decode().splitlines()
    assert [line.split()[0] for line in tail] == ["START", "handled", "END", "REPORT"]

    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="failures", ShardCount=1)
    doubler.put_function_event_invoke_config(
        FunctionName="double", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": ARN}}
    )
    answer = doubler.invoke(FunctionName="double", InvocationType="Event", Payload=b'{"n":-1}')
    assert answer["StatusCode"] == 202
    [record] = map(json.loads, first_records(kinesis, "failures", 1))
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert record["responsePayload"]["errorType"] == "ValueError"

    logs = client("logs")
    [stream] = logs.describe_log_streams(logGroupName="/aws/lambda/double")["logStreams"]
    events = logs.get_log_events(
        logGroupName="/aws/lambda/double", logStreamName=stream["logStreamName"], startFromHead=True
    )["events"]
    assert [event["message"].split()[0] for event in events].count("REPORT") == 2
    found = logs.filter_log_events(logGroupName="/aws/lambda/double", filterPattern="handled")["events"]
    assert [event["message"].strip() for event in found] == ["handled 21", "handled -1"]

    now = datetime.datetime.now(datetime.UTC)
    about = {
        "Namespace": "AWS/Lambda",
        "Dimensions": [{"Name": "FunctionName", "Value": "double"}],
        "StartTime": now - datetime.timedelta(hours=1),
        "EndTime": now + datetime.timedelta(minutes=2),
        "Period": 7200,
        "Statistics": ["Sum"],
    }
    sums = {
        name: client("cloudwatch").get_metric_statistics(MetricName=name, **about)["Datapoints"][0]["Sum"]
        for name in ("Invocations", "Errors", "Throttles")
    }
    assert sums == {"Invocations": 2.0, "Errors": 1.0, "Throttles": 0.0}
