"""The event of messages of a queue, as far as the golden one does not say it: FIFO queues, batches, filters."""

from __future__ import annotations

import json

from runtime.model.queue import Message
from runtime.model.queue_message import Content, md5_of, md5_of_attributes
from runtime.model.queue_settings import QueueRecord
from runtime.sources import sqs

ID = "0123456789abcdef0123456789abcdef"


def queue(name: str = "my-queue") -> QueueRecord:
    attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    return QueueRecord(
        id=ID, name=name, account="123456789012", region="us-east-2", attributes=attributes, created_ms=0, modified_ms=0
    )


def message(content: Content, **given: object) -> Message:
    base = {
        "number": 7, "id": "059f36b4-87a3-44ab-83d2-661975830a7d", "size": content.size, "md5": md5_of(content.body),
        "attributes_md5": md5_of_attributes(content.attributes), "sender": "362587813308", "sent_ms": 1568664535721,
        "visible_ms": 0, "received": 1, "first_received_ms": 1568664535733,
    }  # fmt: skip
    return Message(**(base | given))  # type: ignore[arg-type]  names and kinds as above


def rendered(record: QueueRecord, content: Content, **given: object) -> str:
    made = sqs.SqsRenderer(record).render(message(content, **given), content)
    assert made is not None
    return sqs.event([made]).decode()


def test_a_message_of_a_fifo_queue() -> None:
    text = rendered(queue("q.fifo"), Content("b"), group="g", deduplication="d", trace="Root=1-2-3", source="arn:dead")
    [record] = json.loads(text)["Records"]
    assert record["attributes"] == {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1568664535721",
        "SequenceNumber": "10000000000000000007",
        "MessageGroupId": "g",
        "SenderId": "362587813308",
        "MessageDeduplicationId": "d",
        "ApproximateFirstReceiveTimestamp": "1568664535733",
        "AWSTraceHeader": "Root=1-2-3",
        "DeadLetterQueueSourceArn": "arn:dead",
    }
    assert "md5OfMessageAttributes" not in record
    assert record["messageAttributes"] == {}


def test_several_records_and_none() -> None:
    content = Content("b")
    made = sqs.SqsRenderer(queue()).render(message(content), content)
    assert made is not None
    event = sqs.event([made, made])
    assert len(json.loads(event)["Records"]) == 2
    assert len(event) == sqs.OVERHEAD_BYTES + 2 * len(made) + 1
    assert sqs.SqsRenderer(queue(), ['{"body":["c"]}']).render(message(content), content) is None
