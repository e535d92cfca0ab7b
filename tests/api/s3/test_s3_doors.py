"""Ways in: path style and virtual hosts, presigned URLs, forms, other services beside S3."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from s3_harness import ACCOUNT, NOW_MS, World

from runtime.api.s3.address import address_of, is_marked, signed_for


@pytest.mark.parametrize(
    ("host", "path", "bucket", "key"),
    [
        ("localhost:4566", "/b/k", "b", "k"),
        ("127.0.0.1", "/b", "b", ""),
        ("localhost", "/", "", ""),
        ("my.pics.s3.localhost:4566", "/a/b", "my.pics", "a/b"),
        ("pics.s3.eu-west-1.localhost.localstack.cloud", "/a%20b", "pics", "a b"),
        ("pics.s3.amazonaws.com", "/", "pics", ""),
        ("pics.s3-eu-west-1.amazonaws.com", "//x", "pics", "/x"),
        ("pics.localhost:4566", "/k", "pics", "k"),
        ("s3.localhost", "/b/k", "b", "k"),
        ("s3.eu-west-1.localhost", "/b/k/", "b", "k/"),
        ("id.execute-api.eu-west-1.localhost", "/b/k", "b", "k"),
    ],
)
def test_where_a_request_goes(host: str, path: str, bucket: str, key: str) -> None:
    assert address_of(path, {"host": host}) == (bucket, key)


def test_whose_a_signature_is() -> None:
    scope = "AKID/20240101/eu-west-1/{}/aws4_request"
    for service in ("s3", "kinesis"):
        header = {"authorization": f"AWS4-HMAC-SHA256 Credential={scope.format(service)}, SignedHeaders=a, Signature=b"}
        assert signed_for(header, "") == service
        query = f"a=b&X-Amz-Credential={scope.format(service).replace('/', '%2F')}&c=d"
        assert signed_for({}, query) == service
    assert signed_for({"authorization": "AWS AKID:x"}, "") == signed_for({}, "AWSAccessKeyId=A&Signature=b") == "s3"
    assert signed_for({}, "") == ""
    assert is_marked({"host": "b.s3.localhost"}, "")
    assert not is_marked({"host": "b.localhost"}, "")


def test_virtual_hosts(world: World, bucket: str) -> None:
    for host in (f"{bucket}.s3.localhost", f"{bucket}.localhost:80"):
        assert world.http("PUT", "/v1/metrics", b"x", {"host": host})[0].status == 200
        answer, body = world.http("GET", "/?list-type=2", headers={"host": host})
        assert (answer.status, b"<Key>v1/metrics</Key>" in body) == (200, True)


def test_other_services_stay_as_they_are(world: World) -> None:
    kinesis = world.client("kinesis")
    assert kinesis.list_streams()["StreamNames"] == []
    kinesis.close()
    for method in ("POST", "GET"):
        answer, _ = world.http(method, "/")
        assert (answer.status >= 400, "x-amz-request-id" in answer.headers) == (True, False)


def test_presigned_urls_live_as_long_as_they_say(world: World, bucket: str) -> None:
    world.s3.put_object(Bucket=bucket, Key="a b", Body=b"x")
    # Signed by the machine's clock, while the server's stands in 2023: it is brought to the same time.
    world.advance(seconds=max(0, time.time() - world.clock.now_ms() / 1000))
    clients = [world.client(v=version) for version in ("s3v4", "s3")]
    gets, puts = (
        [one.generate_presigned_url(call, Params={"Bucket": bucket, "Key": "a b"}, ExpiresIn=60) for one in clients]
        for call in ("get_object", "put_object")
    )
    for get, put in zip(gets, puts, strict=True):
        assert world.http("PUT", _path(put), b"y" * 300_000)[0].status == 200
        assert world.http("GET", _path(get))[1] == b"y" * 300_000
    world.advance(seconds=120)
    for method, url in (*(("GET", get) for get in gets), *(("PUT", put) for put in puts)):
        answer, body = world.http(method, _path(url), b"z" if method == "PUT" else None)
        assert (answer.status, b"<Message>Request has expired</Message>" in body) == (403, True)
    v4 = world.client(v="s3v4").generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b"})
    for bad in ("X-Amz-Expires=-1", "X-Amz-Expires=x", "X-Amz-Expires=604801"):
        answer, body = world.http("GET", _path(v4).replace("X-Amz-Expires=3600", bad))
        assert (answer.status, b"AuthorizationQueryParametersError" in body) == (400, True)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def form(fields: dict[str, str], file: bytes | None, file_name: str = "C:\\x\\a.png") -> tuple[bytes, dict[str, str]]:
    pieces = [f'--B\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields.items()]
    if file is not None:
        head = (
            f'--B\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n'
            "Content-Type: image/png\r\n\r\n"
        )
        pieces.append(head.encode() + file + b"\r\n")
    return b"".join(pieces) + b"--B--\r\n", {"content-type": "multipart/form-data; boundary=B"}


def policy(conditions: list[Any], expires: str = "2099-01-01T00:00:00Z") -> str:
    return b64encode(json.dumps({"expiration": expires, "conditions": conditions}).encode()).decode()


@pytest.mark.parametrize("size", [0, 10, 500_000])
def test_a_form_with_a_file(world: World, bucket: str, size: int) -> None:
    data = (b"\r\n--B\r" + b"x" * 100) * (size // 106) + b"\r\n-"
    fields = {"key": "up/${filename}", "x-amz-meta-a": "1", "success_action_status": "201"}
    body, headers = form(fields, data)
    data = data if b"\r\n--B" not in data else b""  # the boundary ends a file wherever it stands
    answer, text = world.http("POST", f"/{bucket}", body, headers)
    assert (answer.status, b"<Key>up/a.png</Key>" in text) == (201, True)
    got = world.s3.get_object(Bucket=bucket, Key="up/a.png")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (data, "image/png", {"a": "1"})


def test_a_large_file_in_a_form(world: World, bucket: str) -> None:
    data = bytes(range(256)) * 8000
    body, headers = form({"key": "k", "success_action_redirect": "https://example.com/done?a=1"}, data)
    answer, _ = world.http("POST", f"/{bucket}", body, headers)
    assert answer.status == 303
    assert answer.headers["location"].startswith(f"https://example.com/done?a=1&bucket={bucket}&key=k&etag=")
    assert world.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == data


def test_boto3s_presigned_post(world: World, bucket: str) -> None:
    made = world.client(v="s3v4").generate_presigned_post(
        bucket, "up/${filename}", Conditions=[["content-length-range", 1, 20]], ExpiresIn=10**9
    )
    for data, status in ((b"x" * 20, 204), (b"", 400), (b"x" * 21, 400)):
        body, headers = form(made["fields"], data)
        assert world.http("POST", urlsplit(made["url"]).path, body, headers)[0].status == status


@pytest.mark.parametrize(
    ("fields", "file", "code"),
    [
        ({"key": "k", "policy": policy([{"bucket": "other"}])}, b"x", "AccessDenied"),
        ({"key": "k", "policy": policy([["starts-with", "$key", "u/"]])}, b"x", "AccessDenied"),
        ({"key": "k", "policy": policy([])}, b"x", "AccessDenied"),  # the key has no condition
        ({"key": "k", "policy": policy([{"key": "k"}], "2001-01-01T00:00:00Z")}, b"x", "AccessDenied"),
        ({"key": "k", "policy": "!!"}, b"x", "InvalidPolicyDocument"),
        ({"key": "k", "policy": policy(["odd"])}, b"x", "InvalidPolicyDocument"),
        ({"key": "k", "policy": policy([{"key": "k"}, ["content-length-range", 5, 9]])}, b"x", "EntityTooSmall"),
        ({"key": "k", "policy": policy([{"key": "k"}, ["content-length-range", 0, 1]])}, b"xxx", "EntityTooLarge"),
        ({"key": "k"}, None, "InvalidArgument"),
        ({}, b"x", "InvalidArgument"),
        ({"key": "k", "a": "x" * 30_000}, b"x", "MalformedPOSTRequest"),
        ({"key": "k", "x-amz-checksum-crc32": "AAAAAA=="}, b"x", "BadDigest"),
    ],
)
def test_forms_that_are_refused(
    world: World, bucket: str, fields: dict[str, str], file: bytes | None, code: str
) -> None:
    body, headers = form(fields, file)
    answer, text = world.http("POST", f"/{bucket}", body, headers)
    assert (answer.status >= 400, f"<Code>{code}</Code>" in text.decode()) == (True, True), text
    assert "Contents" not in world.s3.list_objects_v2(Bucket=bucket)


def test_what_is_no_form(world: World, bucket: str) -> None:
    body, _ = form({"key": "k"}, b"x")
    for kind in ("multipart/form-data", "multipart/form-data; boundary=other"):
        answer, text = world.http("POST", f"/{bucket}", body, {"content-type": kind})
        assert (answer.status, b"MalformedPOSTRequest" in text) == (400, True)
    answer, _ = world.http("POST", f"/{bucket}", b"x", {"authorization": "AWS a:b"})
    assert answer.status == 405


def test_it_is_all_there_after_a_restart(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        version = world.s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
        for body in (b"small", b"large" * 10_000):
            version = world.s3.put_object(Bucket="kept", Key="k", Body=body)["VersionId"]
    with World(tmp_path) as world:
        assert world.s3.get_object(Bucket="kept", Key="k")["VersionId"] == version
        assert world.s3.get_object(Bucket="kept", Key="k")["Body"].read() == b"large" * 10_000
        newest = world.s3.put_object(Bucket="kept", Key="k", Body=b"new")["VersionId"]
        versions = [entry["VersionId"] for entry in world.s3.list_object_versions(Bucket="kept")["Versions"]]
        assert (len(versions), versions[0], versions[1]) == (3, newest, version)
        assert world.s3.list_buckets()["Owner"]["DisplayName"] == ACCOUNT
        assert world.clock.now_ms() == NOW_MS
