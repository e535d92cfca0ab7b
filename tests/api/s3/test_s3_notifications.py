"""Notifications: configuring them, what is told of each event, delivery that outlives failures and restarts,
EventBridge, stores elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from s3_harness import ACCOUNT, FUNCTION, REGION, World, fails, sentence

from runtime.errors import DestinationError

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"


def configure(world: World, bucket: str, *events: str, arn: str = FUNCTION, prefix: str = "", suffix: str = "") -> None:
    rules = [{"Name": n, "Value": v} for n, v in (("prefix", prefix), ("suffix", suffix)) if v]
    kind, member = (
        ("Queue", "QueueArn") if "sqs" in arn or "kinesis" in arn else ("LambdaFunction", "LambdaFunctionArn")
    )
    one = {"Id": "c", member: arn, "Events": list(events), "Filter": {"Key": {"FilterRules": rules}}}
    put(world, bucket, {f"{kind}Configurations": [one]})


def put(world: World, bucket: str, configuration: dict[str, Any], **more: Any) -> None:
    world.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration, **more)


def told(world: World) -> list[dict[str, Any]]:
    """The records that were delivered since the last time."""
    world.settle()
    bodies, world.delivered = world.delivered, []
    return [record for _, body in bodies for record in json.loads(body).get("Records", [])]


def test_each_change_is_told(world: World, bucket: str) -> None:
    s3 = world.s3
    configure(world, bucket, "s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*", "s3:ObjectAcl:Put")
    s3.put_object(Bucket=bucket, Key="a b@ü", Body=b"hello")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a b@ü"})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="multi")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="multi", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="multi", UploadId=upload, MultipartUpload=parts)
    s3.put_object_tagging(Bucket=bucket, Key="copy", Tagging={"TagSet": []})
    s3.delete_object_tagging(Bucket=bucket, Key="copy")
    s3.put_object_acl(Bucket=bucket, Key="copy", ACL="private")
    s3.delete_object(Bucket=bucket, Key="copy")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.delete_object(Bucket=bucket, Key="multi")
    records = sorted(told(world), key=lambda record: record["eventName"])
    names = [record["eventName"] for record in records]
    assert names == [
        "ObjectAcl:Put",
        "ObjectCreated:CompleteMultipartUpload",
        "ObjectCreated:Copy",
        "ObjectCreated:Put",
        "ObjectRemoved:Delete",
        "ObjectRemoved:DeleteMarkerCreated",
        "ObjectTagging:Delete",
        "ObjectTagging:Put",
    ]
    found = dict(zip(names, (record["s3"]["object"] for record in records), strict=True))
    assert found["ObjectCreated:Put"]["key"] == "a+b%40%C3%BC"
    assert found["ObjectCreated:Put"] | {"sequencer": ""} == {
        "key": "a+b%40%C3%BC",
        "size": 5,
        "eTag": "5d41402abc4b2a76b9719d911017c592",
        "sequencer": "",
    }
    assert found["ObjectRemoved:Delete"].keys() == {"key", "sequencer"}
    assert "versionId" in found["ObjectRemoved:DeleteMarkerCreated"]
    assert found["ObjectTagging:Put"].keys() == {"key", "eTag"}
    order = [found[name]["sequencer"] for name in ("ObjectCreated:Put", "ObjectCreated:Copy", "ObjectRemoved:Delete")]
    assert order == sorted(order)


def test_only_what_fits_the_filter(world: World, bucket: str) -> None:
    configure(world, bucket, "s3:ObjectCreated:Put", prefix="in/", suffix=".jpg")
    for key in ("in/a.jpg", "in/a.png", "out/a.jpg", "in/.jpg"):
        world.s3.put_object(Bucket=bucket, Key=key, Body=b"")
    world.s3.copy_object(Bucket=bucket, Key="in/b.jpg", CopySource={"Bucket": bucket, "Key": "in/a.png"})
    world.s3.delete_object(Bucket=bucket, Key="in/a.jpg")
    assert sorted(record["s3"]["object"]["key"] for record in told(world)) == ["in/.jpg", "in/a.jpg"]


def test_what_expires_is_told(world: World, bucket: str) -> None:
    configure(world, bucket, "s3:LifecycleExpiration:*")
    world.s3.put_object(Bucket=bucket, Key="k", Body=b"")
    rule = {"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    world.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    world.advance(days=2)
    (record,) = told(world)
    assert (record["eventName"], record["userIdentity"]["principalId"]) == (
        "LifecycleExpiration:Delete",
        "s3.amazonaws.com",
    )


def test_the_configuration_comes_back(world: World, bucket: str) -> None:
    configure(world, bucket, "s3:ObjectCreated:*", prefix="a/", suffix=".x")
    told_back = world.s3.get_bucket_notification_configuration(Bucket=bucket)
    rules = [{"Name": "Prefix", "Value": "a/"}, {"Name": "Suffix", "Value": ".x"}]
    assert told_back["LambdaFunctionConfigurations"] == [
        {
            "Id": "c",
            "LambdaFunctionArn": FUNCTION,
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": rules}},
        }
    ]
    put(world, bucket, {})  # replaces all of it
    assert "LambdaFunctionConfigurations" not in world.s3.get_bucket_notification_configuration(Bucket=bucket)
    world.s3.put_object(Bucket=bucket, Key="a/b.x", Body=b"")
    assert told(world) == []


def function(*events: str, arn: str = FUNCTION, identity: str | None = None, **rules: str) -> dict[str, Any]:
    found = [{"Name": name, "Value": value} for name, value in rules.items()]
    named = {} if identity is None else {"Id": identity}
    return {**named, "LambdaFunctionArn": arn, "Events": list(events), "Filter": {"Key": {"FilterRules": found}}}


PUT = "s3:ObjectCreated:Put"
OVERLAP = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
AMBIGUOUS = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
    "overlapping for the same event type."
)
UNREACHABLE = "Unable to validate the following destination configurations"
SAME_ID = "Same ID used for multiple configurations. IDs must be unique"
REFUSALS: list[tuple[list[dict[str, Any]], str]] = [
    ([function("s3:Nothing")], "The event is not supported for notifications"),
    ([function(PUT, arn=FUNCTION + "-missing")], UNREACHABLE),
    ([function(PUT, arn="arn:aws:fax:x:1:y")], UNREACHABLE),
    ([function(PUT, middle="x")], "filter rule name must be either prefix or suffix"),
    ([function(PUT, prefix="x" * 1025)], "filter rule value must be 1024 characters or less"),
    ([function(PUT), function("s3:ObjectCreated:*")], OVERLAP),
    ([function(PUT, prefix="a"), function(PUT, prefix="ab")], AMBIGUOUS),
    ([function(PUT, identity="i"), function("s3:ObjectRemoved:*", identity="i")], SAME_ID),
]


@pytest.mark.parametrize(("rules", "text"), REFUSALS)
def test_configurations_that_are_refused(world: World, bucket: str, rules: list[dict[str, Any]], text: str) -> None:
    whole = {"LambdaFunctionConfigurations": rules}
    call = world.s3.put_bucket_notification_configuration
    assert fails(call, Bucket=bucket, NotificationConfiguration=whole) == ("InvalidArgument", 400)
    assert sentence(call, Bucket=bucket, NotificationConfiguration=whole) == text


@pytest.mark.parametrize(
    "rules",
    [
        [function(PUT, suffix=".a"), function(PUT, suffix=".b")],
        [function(PUT, prefix="a/"), function(PUT, prefix="b/")],
        [function(PUT), function("s3:ObjectRemoved:*")],
        [function("s3:ObjectRestore:*", "s3:IntelligentTiering")],  # AWS knows them; they never happen here
    ],
)
def test_configurations_that_do_not_overlap(world: World, bucket: str, rules: list[dict[str, Any]]) -> None:
    put(world, bucket, {"LambdaFunctionConfigurations": rules})
    assert len(world.s3.get_bucket_notification_configuration(Bucket=bucket)["LambdaFunctionConfigurations"]) == len(
        rules
    )


def test_targets_that_are_not_looked_at(world: World, bucket: str) -> None:
    rules = {"LambdaFunctionConfigurations": [function(PUT, arn=FUNCTION + "-missing")]}
    put(world, bucket, rules, SkipDestinationValidation=True)


def test_queues_get_a_test_event(world: World, bucket: str) -> None:
    configure(world, bucket, PUT, arn=QUEUE)
    world.settle()
    ((arn, body),) = world.delivered
    world.delivered = []
    event = json.loads(body)
    assert (arn, event["Service"], event["Event"], event["Bucket"]) == (QUEUE, "Amazon S3", "s3:TestEvent", bucket)


def test_a_stream_is_a_target(world: World, bucket: str) -> None:
    kinesis = world.client("kinesis")
    kinesis.create_stream(StreamName="events", ShardCount=1)
    world.advance(seconds=1)
    stream = kinesis.describe_stream(StreamName="events")["StreamDescription"]["StreamARN"]
    configure(world, bucket, PUT, arn=stream)
    world.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    world.settle()
    shard = kinesis.list_shards(StreamName="events")["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="events", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = [json.loads(r["Data"]) for r in kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]]
    kinesis.close()
    assert [record.get("Event") or record["Records"][0]["eventName"] for record in records] == [
        "s3:TestEvent",
        "ObjectCreated:Put",
    ]


def test_event_bridge(world: World, bucket: str) -> None:
    put(world, bucket, {"EventBridgeConfiguration": {}})
    assert "EventBridgeConfiguration" in world.s3.get_bucket_notification_configuration(Bucket=bucket)
    world.s3.put_object(Bucket=bucket, Key="a b", Body=b"x")
    world.s3.delete_object(Bucket=bucket, Key="a b")
    world.settle()
    created, deleted = sorted((json.loads(body) for body in world.bridged), key=lambda event: event["detail-type"])
    assert (created["source"], created["detail-type"], created["resources"]) == (
        "aws.s3",
        "Object Created",
        [f"arn:aws:s3:::{bucket}"],
    )
    assert (created["detail"]["object"]["key"], created["detail"]["reason"]) == ("a b", "PutObject")
    assert (deleted["detail-type"], deleted["detail"]["deletion-type"]) == ("Object Deleted", "Permanently Deleted")


def test_a_target_that_fails_is_tried_again(world: World, bucket: str) -> None:
    configure(world, bucket, PUT)
    world.failing = DestinationError(FUNCTION, "busy", is_passing=True)
    world.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert told(world) == []
    world.failing = None
    world.advance(seconds=0.9)
    assert told(world) == []
    world.advance(seconds=0.2)
    assert len(told(world)) == 1
    assert world.run(world.objects.store.outbox.waiting()) == 0


def test_a_target_that_is_gone_is_given_up(world: World, bucket: str) -> None:
    configure(world, bucket, PUT)
    world.failing = DestinationError(FUNCTION, "gone", is_passing=False)
    before = world.objects.store.outbox.given_up
    world.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    world.settle()
    world.failing = None
    assert world.objects.store.outbox.given_up == before + 1
    assert world.run(world.objects.store.outbox.waiting()) == 0


def test_a_restart_delivers_what_was_not(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": REGION})
        configure(world, "kept", PUT)
        world.failing = DestinationError(FUNCTION, "busy", is_passing=True)
        for key in ("a", "b"):
            world.s3.put_object(Bucket="kept", Key=key, Body=b"x")
        world.settle()
    with World(tmp_path) as world:
        world.advance(seconds=1)
        assert sorted(record["s3"]["object"]["key"] for record in told(world)) == ["a", "b"]


# ---------------------------------------------------------------- stores elsewhere

MINIO = {
    "EventName": "s3:ObjectCreated:Put",
    "Key": "photos/in/a b.jpg",
    "Records": [
        {
            "eventVersion": "2.0",
            "eventSource": "minio:s3",
            "awsRegion": "",
            "eventTime": "2024-05-01T10:20:30.123Z",
            "eventName": "s3:ObjectCreated:Put",
            "userIdentity": {"principalId": "minioadmin"},
            "requestParameters": {"principalId": "minioadmin", "region": "", "sourceIPAddress": "10.0.0.9"},
            "responseElements": {"x-amz-request-id": "17CB5A1B", "x-minio-deployment-id": "d"},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "Config",
                "bucket": {"name": "photos", "ownerIdentity": {"principalId": "minioadmin"}},
                "object": {"key": "in%2Fa+b.jpg", "size": 7, "eTag": "abc", "sequencer": "17CB5A1B0"},
            },
            "source": {"host": "10.0.0.9", "port": "", "userAgent": "MinIO"},
        }
    ],
}  # fmt: skip


def post(world: World, body: Any) -> tuple[int, bytes]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer, text = world.http("POST", "/_streamcore/s3-events", raw, {"content-type": "application/json"})
    return answer.status, text


def test_a_bucket_elsewhere_is_the_producer(world: World) -> None:
    world.s3.create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": REGION})
    configure(world, "photos", "s3:ObjectCreated:*", prefix="in/", suffix=".jpg")
    assert post(world, MINIO) == (200, b'{"records":1,"notifications":1}')
    (record,) = told(world)
    assert (record["eventSource"], record["eventName"], record["awsRegion"]) == ("aws:s3", "ObjectCreated:Put", REGION)
    assert record["eventTime"] == "2024-05-01T10:20:30.123Z"
    assert record["s3"]["object"] == {
        "key": "in/a+b.jpg",
        "size": 7,
        "eTag": "abc",
        "sequencer": "00000000017CB5A1B0",
    }
    assert record["requestParameters"]["sourceIPAddress"] == "10.0.0.9"


def test_what_the_webhook_refuses(world: World) -> None:
    elsewhere = json.loads(json.dumps(MINIO).replace('"photos"', '"nowhere"'))
    assert post(world, elsewhere)[0] == 404
    for bad in (b"", b"no", b"[]", {"Records": 1}, {"Records": [{}]}, {"Records": [1]}, {"Records": [None] * 1001}):
        assert post(world, bad)[0] == 400
    assert world.http("GET", "/_streamcore/s3-events")[0].status == 200
    assert world.http("DELETE", "/_streamcore/s3-events")[0].status == 405
