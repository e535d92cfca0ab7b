"""boto3 over a socket against the whole broker: events and schedules that reach a function in a real worker, which puts
what it got into a stream; and what a restart finds."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from streamcore.broker import Broker
from streamcore.composition import Composition
from streamcore.config import settings
from streamcore.model.stream import Scope

ACCOUNT = "123456789012"
REGION = "eu-west-1"
SCOPE = Scope(ACCOUNT, REGION)
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
    """Runs `work(clients by name, seen)` in a thread against a broker on `folder`."""
    composition = await Composition.start(
        settings(port=0, data=str(folder), drain_s=1.0, workers=1, transition_ms=0, missed_schedules="all")
    )
    clients = {name: client(name, composition.url) for name in ("events", "scheduler", "lambda", "kinesis")}
    try:
        await asyncio.to_thread(work, clients, Seen(composition.broker))
    finally:
        for each in clients.values():
            each.close()
        await composition.stop()


class Seen:
    """What functions put into the stream; waits on its commits."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._loop = asyncio.get_running_loop()

    def __call__(self, number: int) -> Any:
        """The event that is there as this one, once it is."""
        waiting = asyncio.run_coroutine_threadsafe(self._nth(number), self._loop)
        return json.loads(waiting.result(timeout=30))

    async def _nth(self, number: int) -> bytes:
        place = ("seen", "shardId-000000000000")
        while True:
            tip = self._broker.tip(*place, scope=SCOPE)
            found = [bytes(each.data) for each in (await self._broker.read(*place, 0, scope=SCOPE)).records()]
            if len(found) > number:
                return found[number]
            await self._broker.wait(*place, tip, scope=SCOPE)


def first_life(clients: dict[str, Any], seen: Seen) -> None:
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
    event = seen(0)
    assert (event["detail"], event["source"], event["account"], event["region"]) == ({"n": 2}, "shop", ACCOUNT, REGION)

    target = {"Arn": arn, "RoleArn": ROLE, "Input": '{"scheduled": true}'}
    scheduler.create_schedule(  # the first time of a rate is at once
        Name="s", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )
    assert seen(1) == {"scheduled": True}


def second_life(clients: dict[str, Any], seen: Seen) -> None:
    events, scheduler = clients["events"], clients["scheduler"]
    assert [rule["Name"] for page in events.get_paginator("list_rules").paginate() for rule in page["Rules"]] == [
        "orders"
    ]
    pages = scheduler.get_paginator("list_schedules").paginate()
    assert [each["Name"] for page in pages for each in page["Schedules"]] == ["s"]
    events.put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": '{"n": 3}'}])
    assert seen(2)["detail"] == {"n": 3}


async def test_events_and_schedules_reach_a_function(tmp_path: Path) -> None:
    await serve(tmp_path, first_life)
    await serve(tmp_path, second_life)
