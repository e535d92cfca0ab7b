"""An object arrives, a function hears of it: directly, and by a rule on the event bus."""

from __future__ import annotations

import time
from typing import Any

import pytest

SOURCE = """
import json
def handler(event, context):
    print("HEARD", json.dumps(event))
"""
PATIENCE_S = 20.0


def heard(endpoint: Any, name: str) -> list[str]:
    logs = endpoint.client("logs")
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="HEARD")["events"]
        except logs.exceptions.ResourceNotFoundException:
            events = []
        if events:
            return [event["message"] for event in events]
        time.sleep(0.05)
    raise AssertionError("nothing was heard")


@pytest.fixture
def s3(endpoint: Any) -> Any:
    client = endpoint.client("s3", s3={"addressing_style": "path"})
    client.create_bucket(Bucket="pictures")
    return client


def test_directly(endpoint: Any, s3: Any) -> None:
    arn = endpoint.create("thumbnail", {"app.py": SOURCE})
    rules = [{"Name": "suffix", "Value": ".png"}]
    s3.put_bucket_notification_configuration(
        Bucket="pictures",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {
                    "LambdaFunctionArn": arn,
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": rules}},
                }
            ]
        },
    )
    s3.put_object(Bucket="pictures", Key="no.txt", Body=b"x")
    s3.put_object(Bucket="pictures", Key="a b.png", Body=b"x")
    (line,) = heard(endpoint, "thumbnail")
    assert '"eventName": "ObjectCreated:Put"' in line
    assert '"key": "a+b.png"' in line


def test_by_the_event_bus(endpoint: Any, s3: Any) -> None:
    arn = endpoint.create("listener", {"app.py": SOURCE})
    events = endpoint.client("events")
    events.put_rule(Name="created", EventPattern='{"source": ["aws.s3"], "detail-type": ["Object Created"]}')
    events.put_targets(Rule="created", Targets=[{"Id": "f", "Arn": arn}])
    s3.put_bucket_notification_configuration(
        Bucket="pictures", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    s3.put_object(Bucket="pictures", Key="a b.png", Body=b"x")
    (line,) = heard(endpoint, "listener")
    assert '"source": "aws.s3"' in line
    assert '"key": "a b.png"' in line
