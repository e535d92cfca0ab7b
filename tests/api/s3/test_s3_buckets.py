"""Buckets by boto3: making and deleting, versions, stored settings, ACLs, CORS, lifecycle rules at work."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from s3_harness import ACCOUNT, REGION, World, fails, sentence


def test_making_and_deleting(world: World) -> None:
    s3, other, home = world.s3, world.client(account="999999999999"), world.client(region="us-east-1")
    made = s3.create_bucket(Bucket="making", CreateBucketConfiguration={"LocationConstraint": REGION})
    assert (made["Location"], made["BucketArn"]) == ("/making", "arn:aws:s3:::making")
    where = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    assert fails(s3.create_bucket, Bucket="making", **where) == ("BucketAlreadyOwnedByYou", 409)
    assert fails(other.create_bucket, Bucket="making", **where) == ("BucketAlreadyExists", 409)
    home.create_bucket(Bucket="making-home")
    home.create_bucket(Bucket="making-home")  # there it has always been a success
    assert s3.get_bucket_location(Bucket="making")["LocationConstraint"] == REGION
    assert s3.get_bucket_location(Bucket="making-home")["LocationConstraint"] is None
    assert s3.head_bucket(Bucket="making")["BucketRegion"] == REGION
    assert fails(s3.head_bucket, Bucket="no-such-bucket") == ("404", 404)
    assert [b["Name"] for b in s3.list_buckets(Prefix="making")["Buckets"]] == ["making", "making-home"]
    assert other.list_buckets()["Buckets"] == []
    page = s3.list_buckets(Prefix="making", MaxBuckets=1)
    rest = s3.list_buckets(Prefix="making", ContinuationToken=page["ContinuationToken"])
    assert [b["Name"] for b in rest["Buckets"]] == ["making-home"]
    s3.put_object(Bucket="making", Key="k", Body=b"")
    assert fails(s3.delete_bucket, Bucket="making") == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket="making", Key="k")
    s3.delete_bucket(Bucket="making")
    assert fails(s3.delete_bucket, Bucket="making") == ("NoSuchBucket", 404)
    world.client(region="us-east-1").delete_bucket(Bucket="making-home")


@pytest.mark.parametrize("name", ["ab", "A-b", "a..b", "1.2.3.4", "-ab", "ab-", "x" * 64, "xn--a", "a_b", "a-s3alias"])
def test_names_that_cannot_be(world: World, name: str) -> None:
    answer, body = world.http("PUT", f"/{name}", b"", {"authorization": "AWS a:b"})
    assert (answer.status, b"<Code>InvalidBucketName</Code>" in body) == (400, True)


def test_versions(world: World, versioned: str) -> None:
    s3, place = world.s3, {"Bucket": versioned, "Key": "k"}
    one = s3.put_object(**place, Body=b"1")["VersionId"]
    two = s3.put_object(**place, Body=b"22" * 20_000)["VersionId"]
    assert s3.get_object(**place)["VersionId"] == two
    assert s3.get_object(**place, VersionId=one)["Body"].read() == b"1"
    gone = s3.delete_object(**place)
    assert gone["DeleteMarker"] is True
    assert fails(s3.get_object, **place) == ("NoSuchKey", 404)
    assert fails(s3.get_object, **place, VersionId=gone["VersionId"]) == ("MethodNotAllowed", 405)
    assert fails(s3.get_object, **place, VersionId="nobody") == ("NoSuchVersion", 404)
    assert "Contents" not in s3.list_objects_v2(Bucket=versioned)
    undone = s3.delete_object(**place, VersionId=gone["VersionId"])
    assert (undone["DeleteMarker"], undone["VersionId"]) == (True, gone["VersionId"])
    assert s3.head_object(**place)["VersionId"] == two
    s3.delete_object(**place, VersionId=two)
    assert s3.get_object(**place)["Body"].read() == b"1"
    copied = s3.copy_object(Bucket=versioned, Key="c", CopySource={**place, "VersionId": one})
    assert copied["CopySourceVersionId"] == one
    assert fails(s3.delete_bucket, Bucket=versioned) == ("BucketNotEmpty", 409)


def test_versions_that_are_suspended(world: World, bucket: str) -> None:
    s3, place = world.s3, {"Bucket": bucket, "Key": "k"}
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert "VersionId" not in s3.put_object(**place, Body=b"before")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(**place, Body=b"versioned")
    assert s3.get_object(**place, VersionId="null")["Body"].read() == b"before"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert s3.put_object(**place, Body=b"after")["VersionId"] == "null"
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 2
    assert s3.delete_object(**place)["VersionId"] == "null"
    listed = s3.list_object_versions(Bucket=bucket)
    assert (len(listed["Versions"]), len(listed["DeleteMarkers"])) == (1, 1)
    assert fails(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "On"})[0] == "MalformedXML"


RULE = {
    "AllowedMethods": ["PUT", "GET"],
    "AllowedOrigins": ["https://*.example.com"],
    "AllowedHeaders": ["x-amz-*"],
    "ExposeHeaders": ["ETag"],
    "MaxAgeSeconds": 60,
}
CORS: dict[str, Any] = {"CORSRules": [RULE]}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}]})
SETTINGS: list[tuple[str, str, dict[str, Any], str]] = [
    ("bucket_cors", "CORSConfiguration", CORS, "NoSuchCORSConfiguration"),
    ("bucket_tagging", "Tagging", {"TagSet": [{"Key": "a", "Value": "1"}]}, "NoSuchTagSet"),
    (
        "bucket_encryption",
        "ServerSideEncryptionConfiguration",
        {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
    (
        "bucket_ownership_controls",
        "OwnershipControls",
        {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
        "OwnershipControlsNotFoundError",
    ),
    (
        "public_access_block",
        "PublicAccessBlockConfiguration",
        {"BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": True, "RestrictPublicBuckets": False},
        "NoSuchPublicAccessBlockConfiguration",
    ),
    (
        "bucket_lifecycle_configuration",
        "LifecycleConfiguration",
        {"Rules": [{"ID": "r", "Status": "Disabled", "Filter": {"Prefix": "a"}, "Expiration": {"Days": 1}}]},
        "NoSuchLifecycleConfiguration",
    ),
]


@pytest.mark.parametrize(("name", "member", "value", "missing"), SETTINGS)
def test_settings_are_kept_and_told(
    world: World, bucket: str, name: str, member: str, value: dict[str, Any], missing: str
) -> None:
    get, put = getattr(world.s3, f"get_{name}"), getattr(world.s3, f"put_{name}")
    delete = getattr(world.s3, f"delete_{name}".replace("lifecycle_configuration", "lifecycle"))
    assert fails(get, Bucket=bucket) == (missing, 404)
    put(Bucket=bucket, **{member: value})
    told = get(Bucket=bucket)
    assert told.get(member, {k: v for k, v in told.items() if k in value}) == value
    delete(Bucket=bucket)
    assert fails(get, Bucket=bucket) == (missing, 404)


def test_policies_are_kept_word_for_word(world: World, bucket: str) -> None:
    s3 = world.s3
    assert fails(s3.get_bucket_policy, Bucket=bucket) == ("NoSuchBucketPolicy", 404)
    s3.put_bucket_policy(Bucket=bucket, Policy=POLICY)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == POLICY
    s3.delete_bucket_policy(Bucket=bucket)
    for bad in ("no", "[]", "{}", "[" * 5000):
        assert fails(s3.put_bucket_policy, Bucket=bucket, Policy=bad) == ("MalformedPolicy", 400)


def test_what_is_told_of_what_there_is_not(world: World, bucket: str) -> None:
    s3 = world.s3
    for call, code in (
        (s3.get_bucket_website, "NoSuchWebsiteConfiguration"),
        (s3.get_bucket_replication, "ReplicationConfigurationNotFoundError"),
        (s3.get_object_lock_configuration, "ObjectLockConfigurationNotFoundError"),
    ):
        assert fails(call, Bucket=bucket) == (code, 404)
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    enabled = {"LoggingEnabled": {"TargetBucket": bucket, "TargetPrefix": "x"}}
    assert fails(s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus=enabled) == ("NotImplemented", 501)


def test_acls(world: World, bucket: str) -> None:
    s3 = world.s3
    (grant,) = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert (grant["Permission"], grant["Grantee"]["Type"]) == ("FULL_CONTROL", "CanonicalUser")
    assert fails(s3.put_bucket_acl, Bucket=bucket, ACL="public-read") == ("AccessControlListNotSupported", 400)
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert {grant["Permission"] for grant in s3.get_bucket_acl(Bucket=bucket)["Grants"]} == {"FULL_CONTROL", "READ"}
    s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="public-read-write")
    acl = s3.get_object_acl(Bucket=bucket, Key="k")
    assert [grant["Permission"] for grant in acl["Grants"]] == ["FULL_CONTROL", "READ", "WRITE"]
    policy = {"Owner": acl["Owner"], "Grants": acl["Grants"][:2]}
    s3.put_object_acl(Bucket=bucket, Key="k", AccessControlPolicy=policy)
    assert len(s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]) == 2
    odd = {"Owner": acl["Owner"], "Grants": [{"Grantee": {"Type": "Group", "URI": "x"}, "Permission": "READ"}]}
    assert fails(s3.put_object_acl, Bucket=bucket, Key="k", AccessControlPolicy=odd) == ("NotImplemented", 501)


# ---------------------------------------------------------------- CORS


def test_a_browser_asks_first(world: World, bucket: str) -> None:
    asked = {"origin": "https://a.example.com", "access-control-request-method": "PUT"}
    answer, body = world.http("OPTIONS", f"/{bucket}/k", headers=asked)
    assert (answer.status, b"CORS is not enabled" in body) == (403, True)
    world.s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=CORS)
    asked["access-control-request-headers"] = "x-amz-date, X-Amz-Meta-A"
    answer, _ = world.http("OPTIONS", f"/{bucket}/k", headers=asked)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "https://a.example.com"
    assert answer.headers["access-control-allow-methods"] == "PUT, GET"
    assert answer.headers["access-control-allow-headers"] == "x-amz-date, X-Amz-Meta-A"
    assert (answer.headers["access-control-max-age"], answer.headers["access-control-expose-headers"]) == ("60", "ETag")
    for change in (
        {"origin": "https://example.org"},
        {"access-control-request-method": "DELETE"},
        {"access-control-request-headers": "cookie"},
    ):
        assert world.http("OPTIONS", f"/{bucket}/k", headers={**asked, **change})[0].status == 403
    answer, _ = world.http("PUT", f"/{bucket}/k", b"x", {"origin": "https://a.example.com"})
    assert answer.headers["access-control-allow-origin"] == "https://a.example.com"
    answer, _ = world.http("GET", f"/{bucket}/k", headers={"origin": "https://other.org"})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, None)


def test_cors_rules_that_are_refused(world: World, bucket: str) -> None:
    for change in ({"AllowedMethods": ["PATCH"]}, {"AllowedOrigins": ["*.*"]}, {"ExposeHeaders": ["x-*"]}):
        rules = {"CORSRules": [{**RULE, **change}]}
        assert fails(world.s3.put_bucket_cors, Bucket=bucket, CORSConfiguration=rules) == ("InvalidRequest", 400)


# ---------------------------------------------------------------- lifecycle


def lifecycle(world: World, bucket: str, *rules: dict[str, Any]) -> None:
    whole = [{"Status": "Enabled", "Filter": {"Prefix": ""}, **rule} for rule in rules]
    world.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": whole})


def keys(world: World, bucket: str) -> list[str]:
    return [entry["Key"] for entry in world.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_objects_expire(world: World, bucket: str) -> None:
    for key, body in (("log/a", b"x"), ("log/b", b"x" * 2000), ("keep", b"x")):
        world.s3.put_object(Bucket=bucket, Key=key, Body=body, Tagging="tmp=1" if key == "keep" else "")
    lifecycle(
        world, bucket,
        {"ID": "small", "Filter": {"And": {"Prefix": "log/", "ObjectSizeLessThan": 1000}}, "Expiration": {"Days": 1}},
        {"ID": "tagged", "Filter": {"Tag": {"Key": "tmp", "Value": "1"}}, "Expiration": {"Days": 3}},
    )  # fmt: skip
    expiration = world.s3.head_object(Bucket=bucket, Key="log/a")["Expiration"]
    assert 'rule-id="small"' in expiration
    world.advance(days=1)
    assert keys(world, bucket) == ["keep", "log/a", "log/b"]  # not before midnight
    world.advance(days=1)
    assert keys(world, bucket) == ["keep", "log/b"]
    world.advance(days=2)
    assert keys(world, bucket) == ["log/b"]


def test_a_date_that_has_passed(world: World, bucket: str) -> None:
    world.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    lifecycle(world, bucket, {"Expiration": {"Date": datetime(2020, 1, 1, tzinfo=UTC)}})
    world.advance(seconds=0)
    assert keys(world, bucket) == []


def test_old_versions_and_lone_markers_go(world: World, versioned: str) -> None:
    for number in range(4):
        world.s3.put_object(Bucket=versioned, Key="k", Body=str(number).encode())
    world.s3.put_object(Bucket=versioned, Key="gone", Body=b"x")
    world.s3.delete_object(Bucket=versioned, Key="gone")
    lifecycle(
        world, versioned,
        {"ID": "a", "NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 1}},
        {"ID": "b", "Filter": {"Prefix": "gone"}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}},
        {"ID": "c", "Expiration": {"ExpiredObjectDeleteMarker": True}},
    )  # fmt: skip
    world.advance(days=3)
    world.advance(days=1)
    listed = world.s3.list_object_versions(Bucket=versioned)
    assert [entry["Key"] for entry in listed["Versions"]] == ["k", "k"]
    assert "DeleteMarkers" not in listed
    lifecycle(world, versioned, {"Expiration": {"Days": 1}})
    world.advance(days=1)
    assert world.s3.list_object_versions(Bucket=versioned)["DeleteMarkers"][0]["IsLatest"] is True


def test_uploads_are_aborted(world: World, bucket: str) -> None:
    world.s3.create_multipart_upload(Bucket=bucket, Key="k")
    lifecycle(world, bucket, {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}})
    world.advance(days=1)
    assert len(world.s3.list_multipart_uploads(Bucket=bucket)["Uploads"]) == 1
    world.advance(days=2)
    assert "Uploads" not in world.s3.list_multipart_uploads(Bucket=bucket)


BAD_RULES: list[tuple[dict[str, Any], str]] = [
    ({"Expiration": {"Days": 0}}, "InvalidArgument"),
    ({"Expiration": {"Date": datetime(2030, 1, 1, 5, tzinfo=UTC)}}, "InvalidArgument"),
    ({"Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}, "MalformedXML"),
    ({"Status": "Maybe", "Expiration": {"Days": 1}}, "MalformedXML"),
    ({}, "InvalidRequest"),
    ({"Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}, "NotImplemented"),
    (
        {
            "Filter": {"Tag": {"Key": "a", "Value": ""}},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
        "InvalidRequest",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "code"), BAD_RULES)
def test_lifecycle_rules_that_are_refused(world: World, bucket: str, rule: dict[str, Any], code: str) -> None:
    with pytest.raises(world.s3.exceptions.ClientError) as caught:
        lifecycle(world, bucket, rule)
    assert caught.value.response["Error"]["Code"] == code


def test_xml_that_is_none(world: World, bucket: str) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><Tagging><TagSet>&a;</TagSet></Tagging>'
    for body in (b"<Tagging>", b"<Other/>", bomb, b"<a>" * 40 + b"</a>" * 40, b"\xff\xfe"):
        answer, text = world.http("PUT", f"/{bucket}?tagging", body)
        assert (answer.status, b"<Code>MalformedXML</Code>" in text) == (400, True)
    assert world.http("PUT", f"/{bucket}?tagging", b"")[0].status == 400
    answer, text = world.http("PUT", f"/{bucket}?tagging", b"<Tagging>" + b" " * 5_000_000)
    assert b"MaxMessageLengthExceeded" in text


def test_another_account_is_not_expected(world: World, bucket: str) -> None:
    call = world.s3.get_bucket_location
    assert call(Bucket=bucket, ExpectedBucketOwner=ACCOUNT)["LocationConstraint"] == REGION
    assert sentence(call, Bucket=bucket, ExpectedBucketOwner="111111111111") == "Access Denied"
