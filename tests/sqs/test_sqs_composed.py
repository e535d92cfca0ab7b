"""Queues and topics as targets of everything else, by boto3 over a socket against the whole broker: a function's dead
letters and destinations, rules, schedules, notifications of buckets; topics that call a function in a real worker."""

from __future__ import annotations

import asyncio
import io
import json
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from streamcore.composition import Composition
from streamcore.config import settings

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:"
SOURCE = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError("no")
    return event["Records"][0]["Sns"]["Message"] if "Records" in event else event
"""


class Clients:
    def __init__(self, url: str) -> None:
        self._url = url
        self._made: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = boto3.client(
                name.rstrip("_"),
                region_name=REGION,
                endpoint_url=self._url,
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key="secret",
                config=Config(retries={"max_attempts": 0}, read_timeout=25, s3={"addressing_style": "path"}),
            )
        return self._made[name]

    def close(self) -> None:
        for each in self._made.values():
            each.close()

    def queue(self, name: str) -> str:
        url: str = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        return url

    def next(self, url: str) -> Any:
        """The next message, taken out of its queue."""
        found = self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, MessageAttributeNames=["All"])["Messages"]
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])
        return found[0]

    def body(self, url: str) -> Any:
        return json.loads(self.next(url)["Body"])


def work(clients: Clients) -> None:
    function = create_function(clients)
    results = clients.queue("results")
    _asynchronous(clients, function, results)
    _rules(clients)
    _buckets(clients)
    _topics(clients, function, results)


def create_function(clients: Clients) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", SOURCE)
    clients.queue("dead")
    made: str = clients.lambda_.create_function(
        FunctionName="f", Role=ROLE, Runtime="python3.12", Handler="app.handler", Timeout=20,
        Code={"ZipFile": buffer.getvalue()}, DeadLetterConfig={"TargetArn": QUEUE + "dead"},
    )["FunctionArn"]  # fmt: skip
    waiter = clients.lambda_.get_waiter("function_active_v2")
    waiter.wait(FunctionName="f", WaiterConfig={"Delay": 0, "MaxAttempts": 1000})
    return made


def _asynchronous(clients: Clients, function: str, results: str) -> None:
    clients.lambda_.put_function_event_invoke_config(
        FunctionName="f", MaximumRetryAttempts=0, DestinationConfig={"OnSuccess": {"Destination": QUEUE + "results"}}
    )
    clients.lambda_.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"n": 1}')
    record = clients.body(results)
    assert (record["requestContext"]["condition"], record["responsePayload"]) == ("Success", {"n": 1})
    clients.lambda_.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"fail": true}')
    letter = clients.next(clients.queue("dead"))
    assert json.loads(letter["Body"]) == {"fail": True}
    told = letter["MessageAttributes"]
    assert {name: each["DataType"] for name, each in told.items()} == {
        "RequestID": "String", "ErrorCode": "Number", "ErrorMessage": "String",
    }  # fmt: skip
    assert (told["ErrorCode"]["StringValue"], told["ErrorMessage"]["StringValue"]) == ("200", "no")


def _rules(clients: Clients) -> None:
    events, url = clients.events, clients.queue("seen")
    fifo = clients.sqs.create_queue(
        QueueName="seen.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    )["QueueUrl"]
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    targets = [
        {"Id": "1", "Arn": QUEUE + "seen", "InputPath": "$.detail"},
        {"Id": "2", "Arn": QUEUE + "seen.fifo", "SqsParameters": {"MessageGroupId": "g"}},
        {"Id": "3", "Arn": QUEUE + "none", "DeadLetterConfig": {"Arn": QUEUE + "dead"}},
    ]
    assert events.put_targets(Rule="r", Targets=targets)["FailedEntryCount"] == 0
    events.put_events(Entries=[{"Source": "shop", "DetailType": "t", "Detail": '{"n": 1}'}])
    assert clients.body(url) == {"n": 1}
    assert clients.body(fifo)["detail"] == {"n": 1}
    letter = clients.next(clients.queue("dead"))
    assert json.loads(letter["Body"])["detail"] == {"n": 1}
    assert letter["MessageAttributes"]["TARGET_ARN"]["StringValue"] == QUEUE + "none"
    target = {"Arn": QUEUE + "seen", "RoleArn": ROLE, "Input": '{"scheduled": 1}'}
    clients.scheduler.create_schedule(  # the first time of a rate is at once
        Name="s", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )
    assert clients.body(url) == {"scheduled": 1}


def _buckets(clients: Clients) -> None:
    s3, url = clients.s3, clients.queue("seen")
    clients.sns.create_topic(Name="t")
    clients.sns.subscribe(
        TopicArn=TOPIC + "t", Protocol="sqs", Endpoint=QUEUE + "seen", Attributes={"RawMessageDelivery": "true"}
    )
    s3.create_bucket(Bucket="pics", CreateBucketConfiguration={"LocationConstraint": REGION})
    for arn in (QUEUE + "none", TOPIC + "none"):
        kind, member = ("Queue", "QueueArn") if "sqs" in arn else ("Topic", "TopicArn")
        wrong = {f"{kind}Configurations": [{member: arn, "Events": ["s3:ObjectCreated:*"]}]}
        with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
            s3.put_bucket_notification_configuration(Bucket="pics", NotificationConfiguration=wrong)
    for kind, member, arn in (("Queue", "QueueArn", QUEUE + "seen"), ("Topic", "TopicArn", TOPIC + "t")):
        told = {f"{kind}Configurations": [{member: arn, "Events": ["s3:ObjectCreated:*"]}]}
        s3.put_bucket_notification_configuration(Bucket="pics", NotificationConfiguration=told)
        assert clients.body(url)["Event"] == "s3:TestEvent"
        s3.put_object(Bucket="pics", Key="k", Body=b"x")
        assert clients.body(url)["Records"][0]["s3"]["object"]["key"] == "k"


def _topics(clients: Clients, function: str, results: str) -> None:
    clients.sns.create_topic(Name="calls")
    clients.sns.subscribe(TopicArn=TOPIC + "calls", Protocol="lambda", Endpoint=function)
    clients.sns.publish(TopicArn=TOPIC + "calls", Message="hello")
    assert clients.body(results)["responsePayload"] == "hello"


async def test_queues_and_topics_are_targets(tmp_path: Path) -> None:
    composition = await Composition.start(settings(port=0, data=str(tmp_path), drain_s=1.0, workers=1, transition_ms=0))
    clients = Clients(composition.url)
    try:
        await asyncio.to_thread(work, clients)
    finally:
        clients.close()
        await composition.stop()


async def test_a_stopping_broker_answers_those_who_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    composition = await Composition.start(settings(port=0, data=str(tmp_path), drain_s=5.0, workers=1))
    clients = Clients(composition.url)
    try:
        url = await asyncio.to_thread(clients.queue, "q")
        queue, began = composition.queues.find(ACCOUNT, REGION, "q"), asyncio.Event()
        wait = queue.wait

        async def watched(wait_ms: int) -> None:
            began.set()
            await wait(wait_ms)

        monkeypatch.setattr(queue, "wait", watched)
        waiting = asyncio.create_task(asyncio.to_thread(clients.sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20))
        await began.wait()
        await composition.stop()
        assert "Messages" not in await waiting
    finally:
        clients.close()
        await composition.stop()


async def test_what_prometheus_sees(tmp_path: Path) -> None:
    composition = await Composition.start(settings(port=0, data=str(tmp_path), workers=1))
    clients = Clients(composition.url)

    def use() -> str:
        url = clients.queue("q")
        for body in "ab":
            clients.sqs.send_message(QueueUrl=url, MessageBody=body)
        clients.next(url)
        clients.sns.publish(TopicArn=clients.sns.create_topic(Name="t")["TopicArn"], Message="m")
        with urllib.request.urlopen(f"{composition.url}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    try:
        lines = (await asyncio.to_thread(use)).splitlines()
    finally:
        clients.close()
        await composition.stop()
    labels = f'account="{ACCOUNT}",queue="q",region="{REGION}",state="visible"'
    assert {
        f"streamcore_queue_messages{{{labels}}} 1.0",
        "streamcore_queue_messages_sent_total 2.0",
        "streamcore_queue_messages_deleted_total 1.0",
        "streamcore_topic_messages_total 1.0",
    } <= {",".join(sorted_labels(line)) for line in lines}


def sorted_labels(line: str) -> list[str]:
    """A sample with its labels in the order of their names."""
    head, brace, rest = line.partition("{")
    if not brace:
        return [line]
    inner, _, value = rest.partition("}")
    return [f"{head}{{{','.join(sorted(inner.split(',')))}}}{value}"]
