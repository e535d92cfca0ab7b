"""Messages of queues, by what boto3 sees: it checks the digests of all that it sends and receives."""

from __future__ import annotations

from typing import Any

import pytest
from sqs_harness import ACCOUNT, ARN, NOW_MS, URL, World, error_of

ATTRIBUTES = {
    "n": {"DataType": "Number", "StringValue": "1.5"},
    "shop.name": {"DataType": "String.utf8", "StringValue": "Zoë"},
    "shop.logo": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
}


def test_a_message_there_and_gone(world: World) -> None:
    url = world.queue()
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-2-3"}}
    sent = world.sqs.send_message(
        QueueUrl=url, MessageBody="grün", MessageAttributes=ATTRIBUTES, MessageSystemAttributes=trace
    )
    assert sent["MD5OfMessageSystemAttributes"] == "3f71502e2b401dca4ffefa0d1f324c78"
    world.advance(2)
    [message] = world.receive(url, MessageAttributeNames=["All"])
    assert (message["Body"], message["MessageId"]) == ("grün", sent["MessageId"])
    assert message["MessageAttributes"] == ATTRIBUTES
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"] == {
        "SenderId": ACCOUNT,
        "SentTimestamp": str(NOW_MS),
        "ApproximateReceiveCount": "1",
        "ApproximateFirstReceiveTimestamp": str(NOW_MS + 2000),
        "AWSTraceHeader": "Root=1-2-3",
    }
    assert world.counts(url) == (0, 1, 0)
    world.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    world.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    world.advance(60)
    assert (world.counts(url), world.receive(url)) == ((0, 0, 0), [])


@pytest.mark.parametrize(("asked", "names"), [
    (["All"], {"n", "shop.name", "shop.logo"}),
    ([".*"], {"n", "shop.name", "shop.logo"}),
    (["shop.*"], {"shop.name", "shop.logo"}),
    (["n", "other"], {"n"}),
    ([], None),
])  # fmt: skip
def test_which_attributes_are_told(world: World, asked: list[str], names: set[str] | None) -> None:
    url = world.queue()
    world.sqs.send_message(QueueUrl=url, MessageBody="m", MessageAttributes=ATTRIBUTES)
    [message] = world.receive(url, MessageAttributeNames=asked)
    assert (set(message["MessageAttributes"]) if "MessageAttributes" in message else None) == names


def test_visibility(world: World) -> None:
    url = world.queue(VisibilityTimeout=10)
    world.sqs.send_message(QueueUrl=url, MessageBody="m")
    [first] = world.receive(url)
    assert world.receive(url) == []
    world.advance(9)
    world.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=5)
    world.advance(4)
    assert world.receive(url) == []
    world.advance(1)
    [second] = world.receive(url, VisibilityTimeout=0)
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    assert world.bodies(url) == ["m"]
    world.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"], VisibilityTimeout=0)
    late = {"QueueUrl": url, "ReceiptHandle": second["ReceiptHandle"], "VisibilityTimeout": 1}
    assert error_of(world.sqs.change_message_visibility, **late)[0] == "MessageNotInflight"
    world.sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])  # an old one will do
    assert world.counts(url) == (0, 0, 0)


def test_delays(world: World) -> None:
    url = world.queue(DelaySeconds=5)
    world.sqs.send_message(QueueUrl=url, MessageBody="of the queue")
    world.sqs.send_message(QueueUrl=url, MessageBody="at once", DelaySeconds=0)
    world.sqs.send_message(QueueUrl=url, MessageBody="its own", DelaySeconds=7)
    assert world.bodies(url) == ["at once"]
    assert world.counts(url) == (0, 1, 2)
    world.advance(5)
    assert world.bodies(url) == ["of the queue"]
    world.advance(2)
    assert world.bodies(url) == ["its own"]


def test_retention(world: World) -> None:
    url = world.queue(MessageRetentionPeriod=60)
    world.sqs.send_message(QueueUrl=url, MessageBody="old")
    world.advance(59)
    world.sqs.send_message(QueueUrl=url, MessageBody="new")
    assert world.counts(url) == (2, 0, 0)
    world.advance(1)
    assert world.bodies(url) == ["new"]
    world.advance(59)
    world.restart()
    assert world.counts(url) == (0, 0, 0)


def test_batches(world: World) -> None:
    url = world.queue()
    entries = [
        {"Id": "a", "MessageBody": "one"},
        {"Id": "b", "MessageBody": "\x00"},
        {"Id": "c", "MessageBody": "three", "DelaySeconds": 901},
        {"Id": "d", "MessageBody": "four", "MessageAttributes": ATTRIBUTES},
    ]
    sent = world.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert [each["Id"] for each in sent["Successful"]] == ["a", "d"]
    assert [(each["Id"], each["Code"], each["SenderFault"]) for each in sent["Failed"]] == [
        ("b", "InvalidMessageContents", True),
        ("c", "InvalidParameterValue", True),
    ]
    handles = [message["ReceiptHandle"] for message in world.receive(url)]
    changes = [{"Id": str(n), "ReceiptHandle": handle, "VisibilityTimeout": 0} for n, handle in enumerate(handles)]
    changed = world.sqs.change_message_visibility_batch(QueueUrl=url, Entries=[*changes, {"Id": "x"}])
    assert [each["Id"] for each in changed["Successful"]] == ["0", "1"]
    assert [each["Code"] for each in changed["Failed"]] == ["MissingParameter"]
    assert world.bodies(url) == ["one", "four"]
    gone = [{"Id": str(n), "ReceiptHandle": handle} for n, handle in enumerate([*handles, "nonsense"])]
    deleted = world.sqs.delete_message_batch(QueueUrl=url, Entries=gone)
    assert [each["Id"] for each in deleted["Successful"]] == ["0", "1"]
    assert [each["Code"] for each in deleted["Failed"]] == ["ReceiptHandleIsInvalid"]
    assert world.counts(url) == (0, 0, 0)


def batch(*ids: str, body: str = "m") -> dict[str, Any]:
    return {"Entries": [{"Id": id_, "MessageBody": body} for id_ in ids]}


@pytest.mark.parametrize(("action", "given", "code", "sentence"), [
    ("send_message", {"MessageBody": "x", "QueueUrl": URL + "none"}, "NonExistentQueue",
     "The specified queue does not exist."),
    ("send_message", {"MessageBody": ""}, "MissingParameter",
     "The request must contain the parameter MessageBody."),
    ("send_message", {"MessageBody": "x" * 1025}, "InvalidParameterValue",
     "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."),
    ("send_message", {"MessageBody": "x", "DelaySeconds": -1}, "InvalidParameterValue",
     "Value -1 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."),
    ("send_message", {"MessageBody": "x", "MessageDeduplicationId": "d"}, "InvalidParameterValue",
     "Value d for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not "
     "valid for this queue type."),
    ("send_message", {"MessageBody": "x", "MessageAttributes": {"a b": {"DataType": "String", "StringValue": "v"}}},
     "InvalidParameterValue", "Message (user) attribute name 'a b' is invalid."),
    ("send_message", {"MessageBody": "x", "MessageAttributes": {"a": {"DataType": "Text", "StringValue": "v"}}},
     "InvalidParameterValue", "The message attribute 'a' has an invalid message attribute type"),
    ("send_message", {"MessageBody": "x", "MessageAttributes": {"a": {"DataType": "Number", "StringValue": "v"}}},
     "InvalidParameterValue", "Can't cast the value of message (user) attribute 'a' to a number."),
    ("send_message", {"MessageBody": "x", "MessageAttributes": {"a": {"DataType": "String", "StringValue": ""}}},
     "InvalidParameterValue", "The message attribute 'a' must contain non-empty message attribute value"),
    ("send_message", {"MessageBody": "x", "MessageAttributes": {
        str(n): {"DataType": "String", "StringValue": "v"} for n in range(11)}},
     "InvalidParameterValue", "Number of message attributes [11] exceeds the allowed maximum [10]."),
    ("send_message_batch", {"Entries": []}, "EmptyBatchRequest",
     "There should be at least one entry in the request."),
    ("send_message_batch", batch(*map(str, range(11))), "TooManyEntriesInBatchRequest",
     "Maximum number of entries per request are 10. You have sent 11."),
    ("send_message_batch", batch("a", "a"), "BatchEntryIdsNotDistinct", "Id a repeated."),
    ("send_message_batch", batch("a b"), "InvalidBatchEntryId", "A batch entry id can only contain"),
    ("send_message_batch", batch("a", "b", body="x" * 600_000), "BatchRequestTooLong",
     "Batch requests cannot be longer than 1048576 bytes. You have sent 1200000 bytes."),
    ("receive_message", {"MaxNumberOfMessages": 11}, "InvalidParameterValue",
     "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."),
    ("receive_message", {"WaitTimeSeconds": 21}, "InvalidParameterValue",
     "Value 21 for parameter WaitTimeSeconds is invalid."),
    ("receive_message", {"VisibilityTimeout": 43_201}, "InvalidParameterValue",
     "Value 43201 for parameter VisibilityTimeout is invalid."),
    ("receive_message", {"MessageSystemAttributeNames": ["Colour"]}, "InvalidAttributeName",
     "Unknown Attribute Colour."),
    ("receive_message", {"ReceiveRequestAttemptId": "a"}, "InvalidParameterValue",
     "Value a for parameter ReceiveRequestAttemptId is invalid."),
    ("receive_message", {"QueueUrl": ""}, "MissingParameter", "The request must contain the parameter QueueUrl."),
    ("delete_message", {"ReceiptHandle": "x"}, "ReceiptHandleIsInvalid", 'The input receipt handle "x" is not'),
    ("change_message_visibility", {"ReceiptHandle": "x", "VisibilityTimeout": 0}, "ReceiptHandleIsInvalid",
     'The input receipt handle "x" is not'),
])  # fmt: skip
def test_what_is_refused(world: World, action: str, given: dict[str, Any], code: str, sentence: str) -> None:
    url = world.queue(MaximumMessageSize=1024)
    got = error_of(getattr(world.sqs, action), **{"QueueUrl": url, **given})
    assert (got[0], got[1][: len(sentence)]) == (code, sentence)


def test_a_handle_of_another_queue_is_none(world: World) -> None:
    one, other = world.queue("one"), world.queue("other")
    world.sqs.send_message(QueueUrl=one, MessageBody="m")
    [message] = world.receive(one)
    refused = error_of(world.sqs.delete_message, QueueUrl=other, ReceiptHandle=message["ReceiptHandle"])
    assert refused[0] == "ReceiptHandleIsInvalid"


def test_dead_letters(world: World) -> None:
    dead = world.queue("dead")
    url = world.queue(VisibilityTimeout=1, RedrivePolicy=f'{{"deadLetterTargetArn":"{ARN}dead","maxReceiveCount":"2"}}')
    world.sqs.send_message(QueueUrl=url, MessageBody="poison", MessageAttributes=ATTRIBUTES)
    world.sqs.send_message(QueueUrl=url, MessageBody="L" * 5000)  # one that is kept beside
    for _ in range(2):
        assert len(world.receive(url)) == 2
        world.advance(1)
    assert world.receive(url) == []
    assert (world.counts(url), world.counts(dead)) == ((0, 0, 0), (2, 0, 0))
    world.restart(in_order=False)
    first, second = world.receive(dead, MessageAttributeNames=["All"])
    assert (first["Body"], first["MessageAttributes"], second["Body"]) == ("poison", ATTRIBUTES, "L" * 5000)
    assert first["Attributes"]["DeadLetterQueueSourceArn"] == f"{ARN}q"
    assert first["Attributes"]["SentTimestamp"] == str(NOW_MS)
    assert first["Attributes"]["ApproximateReceiveCount"] == "3"
    assert world.sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]


@pytest.mark.parametrize("in_order", [True, False])
def test_a_restart(world: World, in_order: bool) -> None:
    url = world.queue(VisibilityTimeout=100)
    for body in ("a", "b" * 5000, "c"):
        world.sqs.send_message(QueueUrl=url, MessageBody=body)
    [a, b] = world.receive(url, 2)
    world.sqs.delete_message(QueueUrl=url, ReceiptHandle=a["ReceiptHandle"])
    world.restart(in_order=in_order)
    if in_order:
        assert world.counts(url) == (1, 1, 0)
        assert world.bodies(url) == ["c"]
        world.advance(100)
        [again, _] = world.receive(url)
        assert (again["Body"], again["Attributes"]["ApproximateReceiveCount"]) == ("b" * 5000, "2")
    else:
        assert world.bodies(url) == ["b" * 5000, "c"]
    world.sqs.delete_message(QueueUrl=url, ReceiptHandle=b["ReceiptHandle"])
    world.restart(in_order=in_order)
    world.advance(100)
    assert world.bodies(url) == ["c"]


def test_the_digest_that_sdks_compare(world: World) -> None:
    """As AWS's SDKs calculate it, for an attribute that was recorded from the service."""
    stamp = {"timestamp": {"DataType": "Number", "StringValue": "1493147359900"}}
    sent = world.sqs.send_message(QueueUrl=world.queue(), MessageBody="m", MessageAttributes=stamp)
    assert sent["MD5OfMessageAttributes"] == "235c5c510d26fb653d073faed50ae77c"
