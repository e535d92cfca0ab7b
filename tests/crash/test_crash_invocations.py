"""kill -9 while asynchronous events are run and retried: they are there again, and run again."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import msgspec
from broker_process import BrokerProcess

from runtime.model.asynchronous import QueuedEvent
from streamcore import open_broker
from streamcore.client import Client
from streamcore.client.aws import AwsClient
from streamcore.deploy.functions import settled

Starter = Callable[..., Awaitable[BrokerProcess]]

SHARD = "shardId-000000000000"
ROLE = "arn:aws:iam::000000000000:role/r"
STREAM_ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/"
#: Tells a stream that it was called, and does then what the event says.
SOURCE = """
import json, os, time, urllib.request
def seen(text):
    url = os.environ["AWS_ENDPOINT_URL"]
    body = json.dumps({"StreamName": "seen", "PartitionKey": "k", "Data": text}).encode()
    headers = {
        "X-Amz-Target": "Kinesis_20131202.PutRecord", "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": "AWS4-HMAC-SHA256 Credential=%s/20260101/us-east-1/kinesis/aws4_request, "
                         "SignedHeaders=host, Signature=0" % os.environ["AWS_ACCESS_KEY_ID"],
    }
    urllib.request.urlopen(urllib.request.Request(url, body, headers)).read()
def handler(event, context):
    seen("c2Vlbg==")
    if event["act"] == "hang":
        time.sleep(600)
    if event["act"] == "fail":
        raise ValueError("no")
    return event
"""


async def aws(broker: BrokerProcess, service: str, action: str, **given: Any) -> Any:
    def call() -> Any:
        keys = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "x", "region_name": "us-east-1"}
        client = boto3.client(service, endpoint_url=broker.url, **keys)
        try:
            return getattr(client, action)(**given)
        finally:
            client.close()

    return await asyncio.to_thread(call)


async def create(broker: BrokerProcess, **config: Any) -> None:
    """The function f and the streams that hear of it."""
    async with Client(broker.url) as client:
        for name in ("seen", "told"):
            await client.create_stream(name)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as opened:
        opened.writestr("app.py", SOURCE)
    about = {"Runtime": "python3.12", "Handler": "app.handler", "Role": ROLE, "Timeout": 900}
    await aws(broker, "lambda", "create_function", FunctionName="f", Code={"ZipFile": code.getvalue()}, **about)
    async with AwsClient(broker.url, account="000000000000", region="us-east-1") as client:
        await settled(client, "f")
    destination = {"Destination": f"{STREAM_ARN}told"}
    await aws(
        broker,
        "lambda",
        "put_function_event_invoke_config",
        FunctionName="f",
        DestinationConfig={"OnSuccess": destination, "OnFailure": destination},
        **config,
    )


async def send(broker: BrokerProcess, act: str) -> None:
    given = {"FunctionName": "f", "InvocationType": "Event", "Payload": json.dumps({"act": act})}
    assert (await aws(broker, "lambda", "invoke", **given))["StatusCode"] == 202


async def records(broker: BrokerProcess, stream: str, count: int) -> list[bytes]:
    """The first `count` records, as soon as they are there."""
    found: list[bytes] = []
    async with Client(broker.url) as client, asyncio.timeout(40):
        position = "trim_horizon"
        while len(found) < count:
            answer = await client.read(stream, SHARD, position, wait_ms=30_000)
            found += [data for chunk in answer["chunks"] for data in chunk[4]]
            position = f"index:{answer['next']}"
    return found


async def until_retried(broker: BrokerProcess) -> None:
    """Returns when the retry has been decided, and whatever was decided by then is on disk."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(30):
        while True:
            async with session.get(f"{broker.url}/metrics") as answer:
                if re.search(r'streamcore_async_events_retried_total\{function="f"\} 1', await answer.text()):
                    break
            await asyncio.sleep(0.02)
    async with Client(broker.url) as client:
        await client.put("told", ["k"], [b"a commit behind it"])


async def queued(data: Path) -> dict[str, QueuedEvent]:
    async with open_broker(data) as broker:
        found = await broker.documents("async")
    return {name: msgspec.msgpack.decode(text, type=QueuedEvent) for name, text in found.items()}


async def test_an_event_that_ran_runs_again(start: Starter, tmp_path: Path) -> None:
    broker = await start()
    await create(broker)
    await send(broker, "hang")
    assert await records(broker, "seen", 1) == [b"seen"]
    await broker.kill()
    assert [event.attempts for event in (await queued(tmp_path / "data")).values()] == [0]
    broker = await start()
    assert await records(broker, "seen", 2) == [b"seen"] * 2


async def test_a_retry_that_waits_goes_on_where_it_was(start: Starter, tmp_path: Path) -> None:
    broker = await start()
    await create(broker)
    await send(broker, "fail")
    await records(broker, "seen", 1)
    await until_retried(broker)
    await broker.kill()
    [(name, event)] = (await queued(tmp_path / "data")).items()
    assert event.attempts == 1
    assert 55_000 < event.due_ms - event.accepted_ms < 120_000  # AWS's one minute
    async with open_broker(tmp_path / "data") as opened:  # which is over
        due = msgspec.structs.replace(event, due_ms=event.accepted_ms)
        await opened.save_document("async", name, msgspec.msgpack.encode(due))
    broker = await start()
    await records(broker, "seen", 2)
    await until_retried(broker)
    await broker.kill()
    [event] = (await queued(tmp_path / "data")).values()
    assert event.attempts == 2


async def test_a_failure_is_told_once_its_retries_are_used_up(start: Starter, tmp_path: Path) -> None:
    broker = await start()
    await create(broker, MaximumRetryAttempts=0)
    await send(broker, "fail")
    [text] = await records(broker, "told", 1)
    record = json.loads(text)
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["requestPayload"] == {"act": "fail"}
    assert record["responsePayload"]["errorMessage"] == "no"
    await send(broker, "")
    assert json.loads((await records(broker, "told", 2))[1])["requestContext"]["condition"] == "Success"
    await broker.kill()
    assert len(await queued(tmp_path / "data")) <= 1  # the last one's leaving was perhaps not yet on disk
