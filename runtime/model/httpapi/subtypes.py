"""AWS service integrations of HTTP APIs: which parameters an action has, and its request from their values.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

_REGION: Final = "Region"
_SQS_VERSION: Final = "2012-11-05"


class SubtypeError(ValueError):
    """A parameter that has no meaning, or is missing."""


class Asked(NamedTuple):
    """The request to a service: a target header with JSON, or without a target a form."""

    service: str
    target: str
    content_type: str
    body: bytes


class Subtype(NamedTuple):
    required: frozenset[str]
    optional: frozenset[str]
    ask: Callable[[Mapping[str, str]], Asked]

    def check(self, parameters: Mapping[str, str]) -> None:
        """Raises SubtypeError."""
        missing = sorted(self.required - parameters.keys())
        if missing:
            raise SubtypeError(f"Missing required parameter: {', '.join(missing)}")
        unknown = sorted(parameters.keys() - self.required - self.optional - {_REGION})
        if unknown:
            raise SubtypeError(f"Invalid parameter specified: {', '.join(unknown)[:300]}")


def _kinesis(values: Mapping[str, str]) -> Asked:
    """`Data` is base64, as in the action itself."""
    body = json.dumps({name: value for name, value in values.items() if name != _REGION})
    return Asked("kinesis", "Kinesis_20131202.PutRecord", "application/x-amz-json-1.1", body.encode())


def _event_bridge(values: Mapping[str, str]) -> Asked:
    entry: dict[str, Any] = {name: value for name, value in values.items() if name != _REGION}
    if "Resources" in entry:
        entry["Resources"] = _list(entry["Resources"])
    if "Time" in entry:
        entry["Time"] = _number(entry["Time"])
    body = json.dumps({"Entries": [entry]})
    return Asked("events", "AWSEvents.PutEvents", "application/x-amz-json-1.1", body.encode())


def _sqs(action: str) -> Callable[[Mapping[str, str]], Asked]:
    def ask(values: Mapping[str, str]) -> Asked:
        form = [("Action", action), ("Version", _SQS_VERSION)]
        for name, value in values.items():
            if name in ("AttributeNames", "MessageAttributeNames"):
                form += [(f"{name[:-1]}.{at}", each) for at, each in enumerate(_list(value), 1)]
            elif name in ("MessageAttributes", "MessageSystemAttributes"):
                form += _attributes(name[:-1], value)
            elif name != _REGION:
                form.append((name, value))
        return Asked("sqs", "", "application/x-www-form-urlencoded", urlencode(form).encode())

    return ask


def _attributes(name: str, text: str) -> list[tuple[str, str]]:
    """JSON `{"a": {"DataType": "String", "StringValue": "x"}}` as a form has it. Raises SubtypeError."""
    try:
        given = json.loads(text)
        return [
            pair
            for at, (key, value) in enumerate(given.items(), 1)
            for pair in (
                (f"{name}.{at}.Name", str(key)),
                *((f"{name}.{at}.Value.{member}", str(each)) for member, each in value.items()),
            )
        ]
    except (ValueError, AttributeError, RecursionError):
        raise SubtypeError(f"{name}s is a JSON object of attributes") from None


def _list(text: str) -> list[str]:
    """A JSON array of texts, or one text."""
    if not text.lstrip().startswith("["):
        return [text]
    try:
        return [str(each) for each in json.loads(text)]
    except (ValueError, RecursionError):
        raise SubtypeError("a list is a JSON array of texts") from None


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _subtype(required: str, optional: str, ask: Callable[[Mapping[str, str]], Asked]) -> Subtype:
    return Subtype(frozenset(required.split()), frozenset(optional.split()), ask)


_MESSAGE: Final = "DelaySeconds MessageAttributes MessageDeduplicationId MessageGroupId MessageSystemAttributes"
_RECEIVE: Final = (
    "AttributeNames MaxNumberOfMessages MessageAttributeNames ReceiveRequestAttemptId VisibilityTimeout WaitTimeSeconds"
)
SUBTYPES: Final[dict[str, Subtype]] = {
    "EventBridge-PutEvents": _subtype(
        "Detail DetailType Source", "Time EventBusName Resources TraceHeader", _event_bridge
    ),
    "Kinesis-PutRecord": _subtype(
        "StreamName Data PartitionKey", "SequenceNumberForOrdering ExplicitHashKey", _kinesis
    ),
    "SQS-DeleteMessage": _subtype("ReceiptHandle QueueUrl", "", _sqs("DeleteMessage")),
    "SQS-PurgeQueue": _subtype("QueueUrl", "", _sqs("PurgeQueue")),
    "SQS-ReceiveMessage": _subtype("QueueUrl", _RECEIVE, _sqs("ReceiveMessage")),
    "SQS-SendMessage": _subtype("QueueUrl MessageBody", _MESSAGE, _sqs("SendMessage")),
}
