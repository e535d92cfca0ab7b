"""FIFO queues: order within groups, deduplication, attempts."""

from __future__ import annotations

from typing import Any

import pytest
from sqs_harness import ARN, World, error_of


def send(world: World, url: str, body: str, group: str = "g", **given: Any) -> dict[str, Any]:
    answer: dict[str, Any] = world.sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, **given)
    return answer


@pytest.fixture
def url(world: World) -> str:
    return world.queue("q.fifo", ContentBasedDeduplication="true", VisibilityTimeout=10)


def test_a_group_goes_in_order(world: World, url: str) -> None:
    numbers = [int(send(world, url, body)["SequenceNumber"]) for body in ("a", "b", "c")]
    assert numbers == sorted(set(numbers))
    send(world, url, "x", "other")
    [first] = world.receive(url, 1)
    assert (first["Body"], first["Attributes"]["MessageGroupId"]) == ("a", "g")
    assert first["Attributes"]["SequenceNumber"] == str(numbers[0])
    assert world.bodies(url) == ["x"]  # g waits for a
    world.sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    batch = world.receive(url)
    assert [each["Body"] for each in batch] == ["b", "c"]
    world.sqs.delete_message(QueueUrl=url, ReceiptHandle=batch[1]["ReceiptHandle"])
    send(world, url, "d")
    assert world.receive(url) == []
    world.advance(10)
    assert world.bodies(url) == ["b", "d", "x"]
    late = error_of(world.sqs.delete_message, QueueUrl=url, ReceiptHandle=batch[0]["ReceiptHandle"])
    assert late[0] == "InvalidParameterValue"
    assert late[1].endswith("Reason: The receipt handle has expired.")


@pytest.mark.parametrize("in_order", [True, False])
def test_the_same_once_more(world: World, url: str, in_order: bool) -> None:
    first = send(world, url, "a")
    [message] = world.receive(url)
    world.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    world.restart(in_order=in_order)
    again = send(world, url, "a")
    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    assert world.receive(url) == []
    world.advance(299)
    assert send(world, url, "other", MessageDeduplicationId="x")["MessageId"] != first["MessageId"]
    world.advance(1)
    assert send(world, url, "a")["MessageId"] != first["MessageId"]
    assert world.bodies(url) == ["other", "a"]


def test_one_batch_says_it_twice(world: World, url: str) -> None:
    entries = [{"Id": id_, "MessageBody": "same", "MessageGroupId": "g"} for id_ in "ab"]
    sent = world.sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]
    assert len({each["MessageId"] for each in sent}) == 1
    assert world.bodies(url) == ["same"]


def test_deduplication_by_group(world: World) -> None:
    url = world.queue("g.fifo", DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    for group in ("g", "h", "g"):
        send(world, url, "m", group, MessageDeduplicationId="d")
    assert world.bodies(url) == ["m", "m"]


def test_an_attempt_may_be_repeated(world: World, url: str) -> None:
    for body in ("a", "b"):
        send(world, url, body)
    once = world.receive(url, ReceiveRequestAttemptId="1")
    world.advance(5)
    again = world.receive(url, ReceiveRequestAttemptId="1")
    assert [each["MessageId"] for each in again] == [each["MessageId"] for each in once]
    assert world.receive(url, ReceiveRequestAttemptId="2") == []
    world.advance(9)
    assert world.receive(url) == []  # the repetition began their time anew


def test_dead_letters_keep_their_groups(world: World) -> None:
    world.queue("dead.fifo")
    url = world.queue(
        "q.fifo",
        ContentBasedDeduplication="true",
        RedrivePolicy=f'{{"deadLetterTargetArn":"{ARN}dead.fifo","maxReceiveCount":1}}',
    )
    for body in ("a", "b", "c"):
        send(world, url, body)
    assert world.bodies(url, 1, VisibilityTimeout=0) == ["a"]
    assert world.bodies(url, 1, VisibilityTimeout=0) == ["b"]
    assert world.bodies(url, 1, VisibilityTimeout=0) == ["c"]
    assert world.bodies(url) == []
    assert world.bodies(url.replace("q.fifo", "dead.fifo")) == ["a", "b", "c"]


@pytest.mark.parametrize(("given", "code", "sentence"), [
    ({}, "MissingParameter", "The request must contain the parameter MessageGroupId."),
    ({"MessageGroupId": "g"}, "InvalidParameterValue",
     "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"),
    ({"MessageGroupId": "g", "DelaySeconds": 1}, "InvalidParameterValue",
     "Value 1 for parameter DelaySeconds is invalid."),
    ({"MessageGroupId": "g " * 10}, "InvalidParameterValue", "Value g g g g g g g g g g  for parameter MessageGroupId"),
])  # fmt: skip
def test_what_is_refused(world: World, given: dict[str, Any], code: str, sentence: str) -> None:
    url = world.queue("plain.fifo")
    got = error_of(world.sqs.send_message, QueueUrl=url, MessageBody="m", **given)
    assert (got[0], got[1][: len(sentence)]) == (code, sentence)
