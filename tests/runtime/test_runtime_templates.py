"""Sample events, and events that are saved."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from pathlib import Path

import pytest

from runtime import templates
from runtime.errors import InvalidParameterError
from runtime.templates.saved import MAX_EVENT_BYTES, SavedEvents, TestEventNotFound
from streamcore.broker import open_broker
from streamcore.model.stream import Scope

#: What a handler looks at first in the events of each source.
MARKS = {
    "kinesis": lambda event: event["Records"][0]["eventSource"] == "aws:kinesis",
    "s3-put": lambda event: event["Records"][0]["eventName"] == "ObjectCreated:Put",
    "s3-delete": lambda event: event["Records"][0]["eventName"] == "ObjectRemoved:Delete",
    "apigateway-aws-proxy": lambda event: event["httpMethod"] == "POST" and "version" not in event,
    "apigateway-http-api-proxy": lambda event: event["version"] == "2.0",
    "apigateway-authorizer": lambda event: event["type"] == "TOKEN",
    "scheduled": lambda event: event["detail-type"] == "Scheduled Event",
    "eventbridge": lambda event: event["source"] == "aws.rds",
    "sns": lambda event: event["Records"][0]["Sns"]["Type"] == "Notification",
    "ses-email-receiving": lambda event: event["Records"][0]["ses"]["mail"]["destination"],
    "dynamodb-update": lambda event: [r["eventName"] for r in event["Records"]] == ["INSERT", "MODIFY", "REMOVE"],
    "cognito-sync-trigger": lambda event: event["eventType"] == "SyncTrigger",
    "sqs": lambda event: event["Records"][0]["eventSource"] == "aws:sqs",
    "hello-world": lambda event: event["key1"] == "value1",
    "cloudwatch-logs": lambda event: (
        json.loads(gzip.decompress(b64decode(event["awslogs"]["data"])))["messageType"] == "DATA_MESSAGE"
    ),
    "kinesis-firehose": lambda event: b64decode(event["records"][0]["data"]),
    "cloudformation-create-request": lambda event: event["RequestType"] == "Create",
}


def test_all_are_known() -> None:
    assert templates.names() == sorted(MARKS)


@pytest.mark.parametrize("name", MARKS)
def test_a_template(name: str) -> None:
    event = templates.template(name)
    assert MARKS[name](event)
    event.clear()
    assert templates.template(name)


@pytest.mark.parametrize("name", ["", "nothing", "../templates/kinesis", "kinesis.json"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(InvalidParameterError, match="must be one of"):
        templates.template(name)


async def test_saved_events(tmp_path: Path) -> None:
    async with open_broker(tmp_path) as broker:
        saved = SavedEvents(broker)
        await saved.save("f", "b", b'{"n": 1}')
        await saved.save("f", "a", b"[]")
        await saved.save("f", "b", b'{"n": 2}')
        await saved.save("ff", "c", b"null")
    async with open_broker(tmp_path) as broker:
        saved = SavedEvents(broker)
        assert await saved.names("f") == ["a", "b"]
        assert await saved.get("f", "b") == b'{"n": 2}'
        assert await SavedEvents(broker, Scope("999999999999", "eu-west-1")).names("f") == []
        await saved.delete("f", "a")
        with pytest.raises(TestEventNotFound, match="there is no test event a of the function f"):
            await saved.delete("f", "a")
        await saved.delete_all("f")
        assert (await saved.names("f"), await saved.names("ff")) == ([], ["c"])


@pytest.mark.parametrize(
    ("function", "name", "event"),
    [
        ("f", "", b"1"),
        ("f", "a b", b"1"),
        ("f:g", "a", b"1"),
        ("f", "a", b"{"),
        ("f", "a", b'"%b"' % bytes(MAX_EVENT_BYTES)),
    ],
)
async def test_events_that_are_refused(function: str, name: str, event: bytes) -> None:
    async with open_broker(None) as broker:
        with pytest.raises(InvalidParameterError):
            await SavedEvents(broker).save(function, name, event)


async def test_ten_events_of_a_function() -> None:
    async with open_broker(None) as broker:
        saved = SavedEvents(broker)
        for number in range(10):
            await saved.save("f", f"e{number}", b"1")
        await saved.save("f", "e3", b"2")
        with pytest.raises(InvalidParameterError, match="more than the 10"):
            await saved.save("f", "another", b"1")
