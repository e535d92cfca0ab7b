"""kill -9 while a function is fed from a queue: every message is handled at least once."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import boto3
from botocore.config import Config
from broker_process import BrokerProcess

Starter = Callable[..., Awaitable[BrokerProcess]]
ACCOUNT, REGION = "000000000000", "us-east-1"
MESSAGES = 300
#: Takes its time, and sends what it has handled to another queue; so a kill finds batches in every state.
SOURCE = """
import json, os, time, urllib.request
def handler(event, context):
    time.sleep(0.05)
    url = os.environ["AWS_ENDPOINT_URL"]
    handled = json.dumps([record["body"] for record in event["Records"]])
    headers = {
        "X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": "AWS4-HMAC-SHA256 Credential=%s/20260101/us-east-1/sqs/aws4_request, "
                         "SignedHeaders=host, Signature=0" % os.environ["AWS_ACCESS_KEY_ID"],
    }
    body = json.dumps({"QueueUrl": url + "/000000000000/handled", "MessageBody": handled}).encode()
    urllib.request.urlopen(urllib.request.Request(url, body, headers)).read()
"""


def client(broker: BrokerProcess, service: str) -> Any:
    config = Config(retries={"max_attempts": 0}, read_timeout=30)
    keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "x"}
    return boto3.client(service, region_name=REGION, endpoint_url=broker.url, config=config, **keys)


def prepare(broker: BrokerProcess) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", SOURCE)
    sqs, lambda_ = client(broker, "sqs"), client(broker, "lambda")
    lambda_.create_function(
        FunctionName="f", Role=f"arn:aws:iam::{ACCOUNT}:role/r", Runtime="python3.12", Handler="app.handler",
        Code={"ZipFile": code.getvalue()}, Timeout=30,
    )  # fmt: skip
    lambda_.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0, "MaxAttempts": 5000})
    sqs.create_queue(QueueName="handled")
    url = sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
    lambda_.create_event_source_mapping(
        FunctionName="f", EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", BatchSize=3
    )
    for start in range(0, MESSAGES, 10):
        entries = [{"Id": str(i), "MessageBody": str(i)} for i in range(start, start + 10)]
        assert "Failed" not in sqs.send_message_batch(QueueUrl=url, Entries=entries)
    sqs.close()
    lambda_.close()


def count(broker: BrokerProcess, name: str) -> int:
    """Messages of a queue, visible or in flight."""
    sqs = client(broker, "sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    sqs.close()
    return sum(int(each) for each in told.values())


def has_at_least(broker: BrokerProcess, name: str, messages: int) -> bool:
    return count(broker, name) >= messages


def is_empty(broker: BrokerProcess, name: str) -> bool:
    return count(broker, name) == 0


def handled(broker: BrokerProcess) -> list[str]:
    """What the function has said, all of it."""
    sqs, found = client(broker, "sqs"), list[str]()
    url = sqs.get_queue_url(QueueName="handled")["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [body for message in messages for body in json.loads(message["Body"])]
    sqs.close()
    return found


async def until(condition: Callable[[], bool]) -> None:
    """Another process tells nobody: it is asked again, within a bound."""
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110  see above
            await asyncio.sleep(0.02)


async def test_kill_9_while_a_function_is_fed_from_a_queue(start: Starter) -> None:
    broker = await start()
    await asyncio.to_thread(prepare, broker)
    for batches in (3, 15):
        await until(partial(has_at_least, broker, "handled", batches))
        assert await asyncio.to_thread(count, broker, "q") > 0
        await broker.kill()
        broker = await start()
    await until(partial(is_empty, broker, "q"))
    assert set(await asyncio.to_thread(handled, broker)) == {str(i) for i in range(MESSAGES)}
    await broker.stop()
