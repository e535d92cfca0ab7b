"""Messages of topics: what may be published, and how each protocol tells it.

Source: SNS developer guide, "parsing message formats" and "raw message delivery"; API reference, Publish.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from runtime.errors import QueueError, TopicError
from runtime.model.queue_message import Attribute, Content, check_attribute
from runtime.model.topic import Topic, invalid

MESSAGE_MAX_BYTES: Final = 262_144
SUBJECT_MAX_CHARS: Final = 100
_SEQUENCE_BASE: Final = 10**19


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it was published. `by_protocol` are the texts of the structure `json`."""

    text: str
    subject: str = ""
    attributes: dict[str, Attribute] = {}
    by_protocol: dict[str, str] = {}
    group: str = ""
    deduplication: str = ""

    def text_for(self, protocol: str) -> str:
        return self.by_protocol.get(protocol, self.text)


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was accepted."""

    message: Message
    id: str
    topic: str
    at_ms: int
    number: int = 0

    @property
    def sequence_number(self) -> str | None:
        return str(_SEQUENCE_BASE + self.number) if self.number else None

    @property
    def timestamp(self) -> str:
        return told_time(self.at_ms)


def told_time(at_ms: int) -> str:
    """`2026-01-31T12:00:00.000Z`"""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def structured(text: str) -> dict[str, str]:
    """The texts by protocol of the structure `json`. Raises TopicError."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise invalid("Message Structure - JSON message body failed to parse")
    if not isinstance(value.get("default"), str):
        raise invalid("Message Structure - No default entry in JSON message body")
    return {name: each for name, each in value.items() if isinstance(each, str)}


def checked(topic: Topic, message: Message) -> Message:
    """With the deduplication id that a FIFO topic goes by. Raises TopicError."""
    if not message.text:
        raise invalid("Empty message")
    if Content(message.text, message.attributes).size > MESSAGE_MAX_BYTES:
        raise invalid("Message too long")
    subject = message.subject
    if subject and (len(subject) > SUBJECT_MAX_CHARS or not subject.isprintable() or subject[0].isspace()):
        raise invalid("Subject")
    for name, attribute in message.attributes.items():
        try:
            check_attribute(name, attribute)
        except QueueError as error:
            raise TopicError("ParameterValueInvalid", str(error)) from error
    return _deduplicated(topic, message)


def _deduplicated(topic: Topic, message: Message) -> Message:
    if len(message.group) > 128 or len(message.deduplication) > 128:
        raise invalid("MessageGroupId Reason: ids have at most 128 characters")
    if not topic.is_fifo:
        if message.deduplication:
            raise invalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that "
                          "is not valid for this topic type")  # fmt: skip
        return message
    if not message.group:
        raise invalid("The MessageGroupId parameter is required for FIFO topics")
    if message.deduplication:
        return message
    if topic.attributes.get("ContentBasedDeduplication") != "true":
        raise invalid("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
                      "provided explicitly")  # fmt: skip
    digest = hashlib.sha256(message.text.encode()).hexdigest()
    return msgspec.structs.replace(message, deduplication=digest)


def told_attributes(attributes: dict[str, Attribute]) -> dict[str, Any]:
    """As they stand in notifications."""
    return {
        name: {"Type": each.kind, "Value": b64encode(each.data).decode() if each.is_binary else each.text}
        for name, each in attributes.items()
    }


def notification(issue: Issue, protocol: str, unsubscribe_url: str) -> bytes:
    """The body that queues and HTTP endpoints get. There is no signature: what would verify it is AWS's."""
    message = issue.message
    body: dict[str, Any] = {"Type": "Notification", "MessageId": issue.id}
    if issue.sequence_number:
        body["SequenceNumber"] = issue.sequence_number
    body["TopicArn"] = issue.topic
    if message.subject:
        body["Subject"] = message.subject
    body |= {"Message": message.text_for(protocol), "Timestamp": issue.timestamp, "UnsubscribeURL": unsubscribe_url}
    if message.attributes:
        body["MessageAttributes"] = told_attributes(message.attributes)
    return msgspec.json.encode(body)
