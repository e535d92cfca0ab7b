"""The Lambda event of a topic's message (facts: Lambda developer guide, "Using Lambda with Amazon SNS", and recorded
events). `Signature` and `SigningCertUrl` are empty: there is nothing to verify them by."""

from __future__ import annotations

from typing import Final

import msgspec

from runtime.model.queue_message import Attribute
from runtime.model.topic_message import Issue, Message, told_attributes
from runtime.sources.registry import Invocation, Source


def event(issue: Issue, subscription_arn: str, unsubscribe_url: str) -> bytes:
    """One record, as SNS always gives."""
    message = issue.message
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription_arn,
        "Sns": {
            "Type": "Notification",
            "MessageId": issue.id,
            "TopicArn": issue.topic,
            "Subject": message.subject or None,
            "Message": message.text_for("lambda"),
            "Timestamp": issue.timestamp,
            "SignatureVersion": "1",
            "Signature": "",
            "SigningCertUrl": "",
            "UnsubscribeUrl": unsubscribe_url,
            "MessageAttributes": told_attributes(message.attributes),
        },
    }
    return msgspec.json.encode({"Records": [record]})


def _example() -> bytes:
    topic = "arn:aws:sns:us-east-1:123456789012:ExampleTopic"
    subscription = f"{topic}:21be56ed-a058-49f5-8c98-aedd2564c486"
    attributes = {"Test": Attribute("String", text="TestString"), "TestBinary": Attribute("Binary", data=b"TestBinary")}
    message = Message(text="example message", subject="example subject", attributes=attributes)
    issue = Issue(message=message, id="95df01b4-ee98-5cb9-9903-4c221d41eb5e", topic=topic, at_ms=0)
    return event(issue, subscription, f"http://127.0.0.1:4566/?Action=Unsubscribe&SubscriptionArn={subscription}")


SOURCE: Final = Source(
    event_source="aws:sns",
    about="A message that was published to a topic.",
    invocation=Invocation.ASYNCHRONOUS,
    template="sns",
    example=_example,
)
