"""The Lambda event of a topic's message (facts: Lambda developer guide, "Using Lambda with Amazon SNS", and recorded
events). `Signature` and `SigningCertUrl` are empty: there is nothing to verify them by."""

from __future__ import annotations

import msgspec

from runtime.model.topic_message import Issue, told_attributes


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
