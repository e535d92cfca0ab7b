"""Queues themselves: their attributes, tags, permissions, lists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqs_harness import ACCOUNT, ARN, NOW_MS, URL, World, error_of

#: It lets everybody in.
POLICY = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"SQS:SendMessage","Resource":"*"}]}'


def attributes(world: World, url: str, *names: str) -> dict[str, str]:
    answer = world.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"])
    found: dict[str, str] = answer.get("Attributes", {})
    return found


def test_the_life_of_a_queue(world: World) -> None:
    url = world.queue(VisibilityTimeout=40)
    assert url == URL + "q"
    assert world.queue(VisibilityTimeout=40) == url
    assert error_of(world.sqs.create_queue, QueueName="q", Attributes={"VisibilityTimeout": "41"}) == (
        "QueueAlreadyExists",
        "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
    )
    assert attributes(world, url) == {
        "QueueArn": ARN + "q",
        "VisibilityTimeout": "40",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "CreatedTimestamp": str(NOW_MS // 1000),
        "LastModifiedTimestamp": str(NOW_MS // 1000),
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
    }
    world.advance(5)
    world.sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "3", "Policy": POLICY})
    world.sqs.tag_queue(QueueUrl=url, Tags={"a": "1", "b": "2"})
    world.sqs.untag_queue(QueueUrl=url, TagKeys=["a", "c"])
    world.restart()
    assert attributes(world, url, "DelaySeconds", "Policy", "LastModifiedTimestamp") == {
        "DelaySeconds": "3",
        "Policy": POLICY,
        "LastModifiedTimestamp": str(NOW_MS // 1000 + 5),
    }
    assert world.sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"b": "2"}
    world.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert attributes(world, url, "Policy") == {}
    assert world.sqs.get_queue_url(QueueName="q", QueueOwnerAWSAccountId=ACCOUNT)["QueueUrl"] == url
    world.sqs.send_message(QueueUrl=url, MessageBody="m")
    world.sqs.delete_queue(QueueUrl=url)
    assert error_of(world.sqs.get_queue_url, QueueName="q") == (
        "NonExistentQueue",
        "The specified queue does not exist.",
    )
    world.queue()
    world.restart()
    assert world.receive(url) == []


def test_lists(world: World) -> None:
    urls = [world.queue(name) for name in ("a1", "a2", "a3", "b")]
    assert world.sqs.list_queues()["QueueUrls"] == urls
    assert world.sqs.list_queues(QueueNamePrefix="b")["QueueUrls"] == urls[3:]
    assert "QueueUrls" not in world.sqs.list_queues(QueueNamePrefix="c")
    pages = world.sqs.get_paginator("list_queues").paginate(
        QueueNamePrefix="a", PaginationConfig={"PageSize": 2, "MaxItems": 10}
    )
    assert [page["QueueUrls"] for page in pages] == [urls[:2], urls[2:3]]
    assert error_of(world.sqs.list_queues, MaxResults=1, NextToken="ä")[0] == "InvalidParameterValue"
    assert error_of(world.sqs.list_queues, MaxResults=1001)[0] == "InvalidParameterValue"


def test_purge(world: World) -> None:
    url = world.queue()
    for _ in range(3):
        world.sqs.send_message(QueueUrl=url, MessageBody="m")
    world.receive(url, 1)
    world.sqs.purge_queue(QueueUrl=url)
    assert world.counts(url) == (0, 0, 0)
    assert error_of(world.sqs.purge_queue, QueueUrl=url) == (
        "PurgeQueueInProgress",
        "Only one PurgeQueue operation on q is allowed every 60 seconds.",
    )
    world.restart(in_order=False)
    assert world.receive(url) == []


def test_permissions(world: World) -> None:
    url = world.queue()
    give = {"QueueUrl": url, "AWSAccountIds": ["111122223333"], "Actions": ["SendMessage"]}
    world.sqs.add_permission(Label="one", **give)
    [statement] = json.loads(attributes(world, url)["Policy"])["Statement"]
    assert (statement["Sid"], statement["Action"], statement["Resource"]) == ("one", ["SQS:SendMessage"], ARN + "q")
    assert error_of(world.sqs.add_permission, Label="one", **give)[0] == "InvalidParameterValue"
    world.sqs.remove_permission(QueueUrl=url, Label="one")
    assert "Policy" not in attributes(world, url)
    assert error_of(world.sqs.remove_permission, QueueUrl=url, Label="one")[0] == "InvalidParameterValue"


def redrive(target: str, count: Any = 3) -> dict[str, str]:
    return {"RedrivePolicy": json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": count})}


@pytest.mark.parametrize(("name", "given", "code", "sentence"), [
    ("", {}, "MissingParameter", "The request must contain the parameter QueueName."),
    ("a b", {}, "InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores."),
    ("q.fifo", {}, "InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores."),
    ("q" * 81, {}, "InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores."),
    ("q", {"FifoQueue": "true"}, "InvalidParameterValue", "The name of a FIFO queue can only include"),
    ("q", {"FifoQueue": "false"}, "InvalidAttributeName", "Unknown Attribute FifoQueue."),
    ("q", {"Colour": "red"}, "InvalidAttributeName", "Unknown Attribute Colour."),
    ("q", {"QueueArn": "x"}, "InvalidAttributeName", "Unknown Attribute QueueArn."),
    ("q", {"ContentBasedDeduplication": "true"}, "InvalidAttributeName", "You can specify the ContentBased"),
    ("q", {"VisibilityTimeout": "43201"}, "InvalidAttributeValue", "Invalid value for the parameter Visib"),
    ("q", {"DelaySeconds": "x"}, "InvalidAttributeValue", "Invalid value for the parameter DelaySeconds."),
    ("q", {"MaximumMessageSize": "1023"}, "InvalidAttributeValue", "Invalid value for the parameter Maxim"),
    ("q", {"Policy": "no JSON"}, "InvalidAttributeValue", "Invalid value for the parameter Policy."),
    ("q", {"Policy": '{"Statement":[]}'}, "InvalidAttributeValue", "Invalid value for the parameter Policy."),
    ("q", redrive(ARN + "none"), "InvalidParameterValue", "Value {"),
    ("q", redrive(ARN + "dead.fifo"), "InvalidParameterValue", "Value {"),
    ("q", redrive(ARN + "closed"), "InvalidParameterValue", "Value {"),
    ("q", redrive(ARN + "dead", 1001), "InvalidParameterValue", "Value {"),
    ("q", {"RedrivePolicy": "{}"}, "InvalidParameterValue", "Value {} for parameter RedrivePolicy is invalid."),
    ("q", {"RedriveAllowPolicy": '{"redrivePermission":"some"}'}, "InvalidParameterValue", "Value {"),
])  # fmt: skip
def test_what_is_refused(world: World, name: str, given: dict[str, str], code: str, sentence: str) -> None:
    world.queue("dead")
    world.queue("dead.fifo")
    world.queue("closed", RedriveAllowPolicy='{"redrivePermission":"denyAll"}')
    got = error_of(world.sqs.create_queue, QueueName=name, Attributes=given)
    assert (got[0], got[1][: len(sentence)]) == (code, sentence)


def test_the_query_protocol(world: World) -> None:
    made = {"Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "0", "Tag.1.Key": "k", "Tag.1.Value": "v"}
    status, text = world.form("/", Action="CreateQueue", QueueName="q", **made)
    assert (status, f"<QueueUrl>{URL}q</QueueUrl>" in text) == (200, True)
    path = f"/{ACCOUNT}/q"
    batch = {}
    for n, body in enumerate(("one", "\x00"), 1):
        entry = f"SendMessageBatchRequestEntry.{n}"
        batch |= {f"{entry}.Id": f"id{n}", f"{entry}.MessageBody": body}
        batch |= {f"{entry}.MessageAttribute.1.Name": "a", f"{entry}.MessageAttribute.1.Value.DataType": "Binary"}
        batch[f"{entry}.MessageAttribute.1.Value.BinaryValue"] = "AAE="
    _, text = world.form(path, Action="SendMessageBatch", **batch)
    assert "<SendMessageBatchResultEntry><Id>id1</Id>" in text
    assert "<BatchResultErrorEntry><Id>id2</Id><SenderFault>true</SenderFault>" in text
    asked = {"AttributeName.1": "SenderId", "MessageAttributeName.1": "a", "MaxNumberOfMessages": "10"}
    _, text = world.form(path, Action="ReceiveMessage", **asked)
    assert "<Body>one</Body>" in text
    assert f"<Attribute><Name>SenderId</Name><Value>{ACCOUNT}</Value></Attribute>" in text
    assert "<MessageAttribute><Name>a</Name><Value><BinaryValue>AAE=</BinaryValue>" in text
    handle = text.partition("<ReceiptHandle>")[2].partition("</ReceiptHandle>")[0]
    entry = {"DeleteMessageBatchRequestEntry.1.Id": "a", "DeleteMessageBatchRequestEntry.1.ReceiptHandle": handle}
    _, text = world.form(path, Action="DeleteMessageBatch", **entry)
    assert "<DeleteMessageBatchResultEntry><Id>a</Id></DeleteMessageBatchResultEntry>" in text
    status, text = world.form(f"/{ACCOUNT}/none", Action="ReceiveMessage")
    assert (status, "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in text) == (400, True)
    status, text = world.form("/", Action="CreateQueue", QueueName="a b")
    assert (status, "<Code>InvalidParameterValue</Code>" in text) == (400, True)


def test_dead_letters_are_moved_back(world: World) -> None:
    dead = world.queue("dead")
    url = world.queue(**redrive(ARN + "dead", 1))
    bodies = [f"m{n}" for n in range(5)] + ["L" * 3000]
    for body in bodies:
        world.sqs.send_message(QueueUrl=url, MessageBody=body)
    assert len(world.receive(url, VisibilityTimeout=0)) == 6
    assert world.receive(url) == []
    assert error_of(world.sqs.start_message_move_task, SourceArn=ARN + "q") == (
        "InvalidParameterValue",
        "Source queue must be configured as a Dead Letter Queue.",
    )
    start = {"SourceArn": ARN + "dead", "MaxNumberOfMessagesPerSecond": 2}
    handle = world.sqs.start_message_move_task(**start)["TaskHandle"]
    assert error_of(world.sqs.start_message_move_task, **start)[0] == "UnsupportedOperation"
    world.advance(0)
    assert (world.counts(dead)[0], world.counts(url)[0]) == (4, 2)
    world.advance(1)
    assert world.counts(dead)[0] == 2
    told = world.sqs.cancel_message_move_task(TaskHandle=handle)
    assert told["ApproximateNumberOfMessagesMoved"] == 4
    assert error_of(world.sqs.cancel_message_move_task, TaskHandle=handle)[0] == "ResourceNotFoundException"
    world.advance(5)
    world.sqs.start_message_move_task(SourceArn=ARN + "dead")
    world.advance(0)
    world.restart(in_order=False)
    assert world.bodies(url) == bodies
    assert world.receive(dead) == []


def test_tasks_are_told(world: World) -> None:
    dead, other = world.queue("dead"), world.queue("other")
    url = world.queue(**redrive(ARN + "dead", 1))
    world.sqs.send_message(QueueUrl=url, MessageBody="m")
    world.receive(url, VisibilityTimeout=0)
    world.receive(url)
    world.sqs.start_message_move_task(SourceArn=ARN + "dead", DestinationArn=ARN + "other")
    world.advance(0)
    [task] = world.sqs.list_message_move_tasks(SourceArn=ARN + "dead")["Results"]
    assert task == {
        "Status": "COMPLETED",
        "SourceArn": ARN + "dead",
        "DestinationArn": ARN + "other",
        "ApproximateNumberOfMessagesMoved": 1,
        "ApproximateNumberOfMessagesToMove": 1,
        "StartedTimestamp": NOW_MS,
    }
    assert world.bodies(other) == ["m"]
    world.sqs.send_message(QueueUrl=dead, MessageBody="from nowhere")
    world.sqs.start_message_move_task(SourceArn=ARN + "dead")
    world.advance(0)
    [task] = world.sqs.list_message_move_tasks(SourceArn=ARN + "dead")["Results"]
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert world.bodies(dead) == ["from nowhere"]
    assert error_of(world.sqs.list_message_move_tasks, SourceArn=ARN + "none")[0] == "ResourceNotFoundException"
