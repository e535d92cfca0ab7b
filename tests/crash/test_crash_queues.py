"""kill -9 while messages are sent and published: whatever was acknowledged is there, once it was deleted it is gone."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from broker_process import BrokerProcess

Starter = Callable[..., Awaitable[BrokerProcess]]
ARN = "arn:aws:{}:us-east-1:000000000000:{}"


def client(broker: BrokerProcess, service: str) -> Any:
    config = Config(retries={"max_attempts": 0}, read_timeout=20)
    keys = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "x"}
    return boto3.client(service, region_name="us-east-1", endpoint_url=broker.url, config=config, **keys)


class Caller:
    """Sends to one queue, publishes to another by a topic, and deletes some, until its broker dies."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._count = 0
        self.sent: set[str] = set()
        self.published: set[str] = set()
        self.deleted: set[str] = set()
        #: Deletions that were asked for: what nobody answered may be done or not.
        self.deleting: set[str] = set()

    def run(self, broker: BrokerProcess, on_answer: Callable[[], None]) -> None:
        sqs, sns = client(broker, "sqs"), client(broker, "sns")
        url = sqs.get_queue_url(QueueName="sent")["QueueUrl"]
        try:
            while True:
                self._turn(sqs, sns, url)
                on_answer()
        except (BotoCoreError, ClientError):
            return
        finally:
            sqs.close()
            sns.close()

    def _turn(self, sqs: Any, sns: Any, url: str) -> None:
        self._count += 1
        text = f"{self._number}/{self._count}" + "x" * (3000 if self._count % 7 == 0 else 0)
        if self._count % 3 == 0:
            sns.publish(TopicArn=ARN.format("sns", "t"), Message=text)
            self.published.add(text)
            return
        sqs.send_message(QueueUrl=url, MessageBody=text)
        self.sent.add(text)
        if self._count % 5 == 0:
            for message in sqs.receive_message(QueueUrl=url, VisibilityTimeout=600).get("Messages", []):
                self.deleting.add(message["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                self.deleted.add(message["Body"])


def prepare(broker: BrokerProcess) -> None:
    sqs, sns = client(broker, "sqs"), client(broker, "sns")
    for name in ("sent", "published"):
        sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "600"})
    sns.create_topic(Name="t")
    sns.subscribe(TopicArn=ARN.format("sns", "t"), Protocol="sqs", Endpoint=ARN.format("sqs", "published"))
    sqs.close()
    sns.close()


def bodies(broker: BrokerProcess, name: str, wanted: set[str], read: Callable[[str], str]) -> set[str]:
    """What is in a queue; waits for what is wanted and may still be on its way."""
    sqs, found = client(broker, "sqs"), set()
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    while True:
        wait_s = 0 if wanted <= found else 20
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_s)
        if "Messages" not in answer:
            sqs.close()
            return found
        found |= {read(message["Body"]) for message in answer["Messages"]}


async def test_kill_9_in_the_middle_of_sends(start: Starter) -> None:
    callers = [Caller(number) for number in range(3)]
    broker = await start()
    await asyncio.to_thread(prepare, broker)
    for answers in (30, 90):
        loop, enough, left = asyncio.get_running_loop(), asyncio.Event(), threading.Semaphore(answers)

        def on_answer(left: threading.Semaphore = left, enough: asyncio.Event = enough, loop: Any = loop) -> None:
            if not left.acquire(blocking=False):
                loop.call_soon_threadsafe(enough.set)

        running = asyncio.gather(*(asyncio.to_thread(caller.run, broker, on_answer) for caller in callers))
        await enough.wait()
        await broker.kill()
        await running
        broker = await start()
    sent = set().union(*(caller.sent for caller in callers))
    deleted = set().union(*(caller.deleted for caller in callers))
    kept = sent - set().union(*(caller.deleting for caller in callers))
    published = set().union(*(caller.published for caller in callers))
    found = await asyncio.to_thread(bodies, broker, "sent", kept, str)
    assert kept <= found
    assert not found & deleted
    told = await asyncio.to_thread(bodies, broker, "published", published, lambda body: json.loads(body)["Message"])
    assert published <= told
    await broker.stop()
