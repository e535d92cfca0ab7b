"""The Lambda event for messages of a queue (facts: Lambda developer guide, "Using Lambda with Amazon SQS", "Example
standard queue message event", "Example FIFO queue message event", and recorded events)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from runtime.model.message_filter import MessageFilter
from runtime.model.queue import Message
from runtime.model.queue_attributes import system_attributes
from runtime.model.queue_message import Attribute, Content, Handle, md5_of, md5_of_attributes
from runtime.model.queue_settings import QueueRecord
from runtime.sources.registry import Invocation, Source

HEAD: Final = b'{"Records":['
TAIL: Final = b"]}"
#: Bytes of an event around its records.
OVERHEAD_BYTES: Final = len(HEAD) + len(TAIL)


class SqsRenderer:
    """Renders those messages of one queue that the patterns take; all of them without any."""

    def __init__(self, queue: QueueRecord, patterns: Sequence[str] = ()) -> None:
        """Raises InvalidPatternError."""
        self._queue = queue
        self._id = bytes.fromhex(queue.id)
        self._filter = MessageFilter(patterns) if patterns else None

    def render(self, message: Message, content: Content) -> bytes | None:
        """The record of a message as JSON; None when the filter does not take it."""
        record = self.record(message, content)
        if self._filter is not None and not self._filter.takes(record):
            return None
        return msgspec.json.encode(record)

    def record(self, message: Message, content: Content) -> dict[str, Any]:
        """The record as AWS writes it; `md5OfMessageAttributes` is there when there are attributes."""
        told = {"md5OfMessageAttributes": message.attributes_md5} if message.attributes_md5 else {}
        return {
            "messageId": message.id,
            "receiptHandle": Handle(self._id, message.number, message.received).text(),
            "body": content.body,
            "attributes": system_attributes(message, is_fifo=self._queue.is_fifo),
            "messageAttributes": {name: _attribute(each) for name, each in content.attributes.items()},
            **told,
            "md5OfBody": message.md5,
            "eventSource": "aws:sqs",
            "eventSourceARN": self._queue.arn,
            "awsRegion": self._queue.region,
        }


def event(records: Sequence[bytes]) -> bytes:
    """The whole event of a batch."""
    return HEAD + b",".join(records) + TAIL


def _attribute(attribute: Attribute) -> dict[str, Any]:
    """The lists are reserved by AWS, and told empty."""
    if attribute.is_binary:
        value = {"binaryValue": base64.b64encode(attribute.data).decode()}
    else:
        value = {"stringValue": attribute.text}
    return {**value, "stringListValues": [], "binaryListValues": [], "dataType": attribute.kind}


def _example() -> bytes:
    queue = QueueRecord(
        id="0123456789abcdef0123456789abcdef",
        name="MyQueue",
        account="123456789012",
        region="us-east-1",
        attributes={},
        created_ms=0,
        modified_ms=0,
    )
    attributes = {
        "foo": Attribute("String", text="bar"),
        "n": Attribute("Number", text="1.5"),
        "raw": Attribute("Binary.png", data=b"\x00\xff"),
    }
    content = Content("Hello from SQS!", attributes)
    message = Message(
        number=7,
        id="19dd0b57-b21e-4ac1-bd88-01bbb068cb78",
        size=content.size,
        md5=md5_of(content.body),
        attributes_md5=md5_of_attributes(attributes),
        sender="123456789012",
        sent_ms=1_523_232_000_000,
        visible_ms=0,
        received=1,
        first_received_ms=1_523_232_000_001,
    )
    record = SqsRenderer(queue).render(message, content)
    return event([] if record is None else [record])


SOURCE: Final = Source(
    event_source="aws:sqs",
    about="Messages of a queue, by an event source mapping.",
    invocation=Invocation.BATCHES,
    template="sqs",
    example=_example,
)
