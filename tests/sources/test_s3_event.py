"""The events of S3: which members each kind has (facts: recorded events)."""

from __future__ import annotations

import json

import msgspec
import pytest

from runtime.model.s3.notification import Rule
from runtime.model.s3.values import Bucket
from runtime.sources.s3_event import Cause, Happened, event_bridge, record, sequencer

BUCKET = Bucket(1, "pics", "123456789012", "eu-west-1", 0)
RULE = Rule("CloudFunctionConfiguration", "config", "arn:aws:lambda:…", ("s3:ObjectCreated:*",))
CAUSE = Cause("C3D13FE58DE4C810", "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD", "123456789012")
PUT = Happened("ObjectCreated:Put", BUCKET, "a@b c.jpg", "v1", 0x55AED6DCD90281E5, 1_700_000_000_123, 1024, "d41d8c")


@pytest.mark.parametrize(
    ("event", "version", "members"),
    [
        ("ObjectCreated:Copy", "2.1", {"key", "size", "eTag", "versionId", "sequencer"}),
        ("ObjectRemoved:Delete", "2.1", {"key", "versionId", "sequencer"}),
        ("ObjectTagging:Put", "2.3", {"key", "eTag", "versionId"}),
        ("ObjectAcl:Put", "2.3", {"key", "eTag", "versionId"}),
        ("LifecycleExpiration:Delete", "2.3", {"key", "versionId", "sequencer"}),
    ],
)
def test_which_members_an_event_has(event: str, version: str, members: set[str]) -> None:
    (told,) = json.loads(record(msgspec.structs.replace(PUT, event=event), CAUSE, RULE))["Records"]
    assert (told["eventVersion"], told["s3"]["object"].keys()) == (version, members)


def test_an_object_without_versions_names_none() -> None:
    (told,) = json.loads(record(msgspec.structs.replace(PUT, version_id="null"), CAUSE, RULE))["Records"]
    assert "versionId" not in told["s3"]["object"]


def test_sequencers_sort_as_they_grow() -> None:
    numbers = [0, 9, 10, 255, 2**40, 2**63]
    assert sorted(map(sequencer, numbers)) == list(map(sequencer, numbers))


def test_event_bridge_has_the_key_as_it_is() -> None:
    event = event_bridge(PUT, CAUSE)
    assert event["detail"]["object"] == {
        "key": "a@b c.jpg",
        "size": 1024,
        "etag": "d41d8c",
        "version-id": "v1",
        "sequencer": "0055AED6DCD90281E5",
    }
    assert (event["time"], event["detail"]["bucket"]) == ("2023-11-14T22:13:20Z", {"name": "pics"})
