"""boto3 over a socket against the whole broker: events and schedules that reach a function in a real worker, which puts
what it got into a stream; and what a restart finds."""

from __future__ import annotations

import asyncio
import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from streamcore.composition import Composition
from streamcore.config import settings

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
SOURCE = """
import boto3, json
kinesis = boto3.client("kinesis")
def handler(event, context):
    kinesis.put_record(StreamName="seen", Data=json.dumps(event), PartitionKey="k")
"""


def client(service: str, url: str) -> Any:
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 0}, read_timeout=20),
    )


async def serve(folder: Path, work: Any) -> None:
    """Runs `work(clients by name)` in a thread against a broker on `folder`."""
    composition = await Composition.start(
        settings(port=0, data=str(folder), drain_s=1.0, workers=1, transition_ms=0, missed_schedules="all")
    )
    clients = {name: client(name, composition.url) for name in ("events", "scheduler", "lambda", "kinesis")}
    try:
        await asyncio.to_thread(work, clients)
    finally:
        for each in clients.values():
            each.close()
        await composition.stop()


def seen(kinesis: Any, count: int) -> list[Any]:
    """What functions put into the stream, once it is so many."""
    shard = {"StreamName": "seen", "ShardId": "shardId-000000000000"}
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        iterator = kinesis.get_shard_iterator(**shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records = kinesis.get_records(ShardIterator=iterator)["Records"]
        if len(records) >= count:
            return [json.loads(record["Data"]) for record in records]
        time.sleep(0.25)  # a reader of a stream has nothing else to wait on, and five reads a second
    raise AssertionError(f"fewer than {count} records")


def first_life(clients: dict[str, Any]) -> None:
    events, scheduler, kinesis = clients["events"], clients["scheduler"], clients["kinesis"]
    kinesis.create_stream(StreamName="seen", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="seen", WaiterConfig={"Delay": 0, "MaxAttempts": 100})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", SOURCE)
    arn = clients["lambda"].create_function(
        FunctionName="f",
        Role=ROLE,
        Runtime="python3.12",
        Handler="app.handler",
        Timeout=20,
        Code={"ZipFile": buffer.getvalue()},
    )["FunctionArn"]
    waiter = clients["lambda"].get_waiter("function_active_v2")
    waiter.wait(FunctionName="f", WaiterConfig={"Delay": 0, "MaxAttempts": 1000})

    events.put_rule(
        Name="orders", EventPattern=json.dumps({"source": ["shop"], "detail": {"n": [{"numeric": [">", 1]}]}})
    )
    assert events.put_targets(Rule="orders", Targets=[{"Id": "1", "Arn": arn}])["FailedEntryCount"] == 0
    entries = [{"Source": "shop", "DetailType": "Order", "Detail": json.dumps({"n": n})} for n in (1, 2)]
    assert events.put_events(Entries=entries)["FailedEntryCount"] == 0
    [event] = seen(kinesis, 1)
    assert (event["detail"], event["source"], event["account"], event["region"]) == ({"n": 2}, "shop", ACCOUNT, REGION)

    target = {"Arn": arn, "RoleArn": ROLE, "Input": '{"scheduled": true}'}
    scheduler.create_schedule(  # the first time of a rate is at once
        Name="s", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )
    assert seen(kinesis, 2)[1] == {"scheduled": True}


def second_life(clients: dict[str, Any]) -> None:
    events, scheduler = clients["events"], clients["scheduler"]
    assert [rule["Name"] for page in events.get_paginator("list_rules").paginate() for rule in page["Rules"]] == [
        "orders"
    ]
    pages = scheduler.get_paginator("list_schedules").paginate()
    assert [each["Name"] for page in pages for each in page["Schedules"]] == ["s"]
    events.put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": '{"n": 3}'}])
    assert seen(clients["kinesis"], 3)[2]["detail"] == {"n": 3}


async def test_events_and_schedules_reach_a_function(tmp_path: Path) -> None:
    await serve(tmp_path, first_life)
    await serve(tmp_path, second_life)
