"""Objects by boto3 over a socket: put, get, head, ranges, conditions, copies, deletes, checksums, metadata."""

from __future__ import annotations

import base64
import hashlib
import os
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from s3_harness import NOW_MS, World, fails, sentence

NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
KEYS = ["a", "a b/ü+1 %.txt", "//x//", "a/../b", "?q=1&r", "日本/" + "k" * 1000, "x" * 1024, "a\tb", ".", "+"]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_comes_back_as_it_went(world: World, bucket: str, key: str) -> None:
    world.s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert world.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [entry["Key"] for entry in world.s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    world.s3.delete_object(Bucket=bucket, Key=key)
    assert fails(world.s3.get_object, Bucket=bucket, Key=key) == ("NoSuchKey", 404)


@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 16 * 1024 + 1, 300_000, 3_000_001])
def test_a_content_comes_back_whole_and_in_ranges(world: World, bucket: str, size: int) -> None:
    data = os.urandom(size)
    put = world.s3.put_object(Bucket=bucket, Key="k", Body=data)
    got = world.s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == data
    etag = f'"{hashlib.md5(data).hexdigest()}"'
    assert (put["ETag"], got["ETag"], got["ContentLength"], got["LastModified"]) == (etag, etag, size, NOW)
    head = world.s3.head_object(Bucket=bucket, Key="k")
    assert (head["ETag"], head["ContentLength"], head["AcceptRanges"]) == (etag, size, "bytes")
    if size > 10:
        for header, expected in (
            ("bytes=0-0", data[:1]),
            ("bytes=5-", data[5:]),
            ("bytes=-7", data[-7:]),
            (f"bytes=3-{size + 100}", data[3:]),
            (f"bytes=-{size + 100}", data),
        ):
            part = world.s3.get_object(Bucket=bucket, Key="k", Range=header)
            assert part["Body"].read() == expected
            assert part["ResponseMetadata"]["HTTPStatusCode"] == 206
            assert part["ContentRange"].endswith(f"/{size}")
    for header in ("bytes=5-3", "lines=1-2", "bytes=0-0,2-3"):
        assert world.s3.get_object(Bucket=bucket, Key="k", Range=header)["Body"].read() == data
    assert fails(world.s3.get_object, Bucket=bucket, Key="k", Range=f"bytes={size}-") == ("InvalidRange", 416)


def test_metadata_and_headers_are_kept_and_overridden(world: World, bucket: str) -> None:
    world.s3.put_object(
        Bucket=bucket,
        Key="k",
        Body=b"x",
        ContentType="image/png",
        CacheControl="no-store",
        ContentDisposition='attachment; filename="a.png"',
        ContentEncoding="gzip",
        ContentLanguage="de",
        Expires=NOW,
        Metadata={"One": "1", "two": "zwei drei"},
        StorageClass="STANDARD_IA",
        WebsiteRedirectLocation="/other",
        ServerSideEncryption="AES256",
        Tagging="a=1&b=2",
    )
    head = world.s3.head_object(Bucket=bucket, Key="k")
    assert head["Metadata"] == {"one": "1", "two": "zwei drei"}
    assert (head["ContentType"], head["CacheControl"], head["ContentEncoding"]) == ("image/png", "no-store", "gzip")
    assert (head["ContentLanguage"], head["StorageClass"], head["TagCount"]) == ("de", "STANDARD_IA", 2)
    assert (head["WebsiteRedirectLocation"], head["ServerSideEncryption"]) == ("/other", "AES256")
    got = world.s3.get_object(
        Bucket=bucket, Key="k", ResponseContentType="text/plain", ResponseContentDisposition="inline"
    )
    assert (got["ContentType"], got["ContentDisposition"]) == ("text/plain", "inline")
    assert fails(world.s3.get_object, Bucket=bucket, Key="k", ResponseContentType="a\r\nset-cookie: b") == (
        "InvalidArgument",
        400,
    )


def test_metadata_beyond_ascii(world: World, bucket: str) -> None:
    headers = {"x-amz-meta-name": "ü".encode().decode("latin-1"), "content-length": "1"}
    answer, _ = world.http("PUT", f"/{bucket}/k", b"x", headers)
    assert answer.status == 200
    answer, _ = world.http("HEAD", f"/{bucket}/k")
    assert answer.headers["x-amz-meta-name"] == "=?UTF-8?B?w7w=?="


def test_at_most_2_kb_of_metadata(world: World, bucket: str) -> None:
    world.s3.put_object(Bucket=bucket, Key="k", Metadata={"n": "x" * 2047})
    arguments = {"Bucket": bucket, "Key": "k", "Metadata": {"n": "x" * 2048}}
    assert fails(world.s3.put_object, **arguments) == ("MetadataTooLarge", 400)


READ_CONDITIONS: list[tuple[dict[str, Any], int]] = [
    ({"IfMatch": "{etag}"}, 200),
    ({"IfMatch": "*"}, 200),
    ({"IfMatch": '"other", {etag}'}, 200),
    ({"IfMatch": '"other"'}, 412),
    ({"IfNoneMatch": "{etag}"}, 304),
    ({"IfNoneMatch": '"other"'}, 200),
    ({"IfModifiedSince": NOW - timedelta(seconds=1)}, 200),
    ({"IfModifiedSince": NOW}, 304),
    ({"IfUnmodifiedSince": NOW}, 200),
    ({"IfUnmodifiedSince": NOW - timedelta(seconds=1)}, 412),
    ({"IfMatch": "{etag}", "IfUnmodifiedSince": NOW - timedelta(days=1)}, 200),
    ({"IfNoneMatch": '"other"', "IfModifiedSince": NOW}, 200),
]


@pytest.mark.parametrize(("conditions", "status"), READ_CONDITIONS)
def test_conditions_of_reads(world: World, bucket: str, conditions: dict[str, Any], status: int) -> None:
    etag = world.s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    asked = {name: value.format(etag=etag) if isinstance(value, str) else value for name, value in conditions.items()}
    for call in (world.s3.get_object, world.s3.head_object):
        if status == 200:
            assert call(Bucket=bucket, Key="k", **asked)["ETag"] == etag
        else:
            assert fails(call, Bucket=bucket, Key="k", **asked)[1] == status


def test_conditions_of_writes(world: World, bucket: str) -> None:
    s3 = world.s3
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    assert fails(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*") == ("PreconditionFailed", 412)
    assert fails(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfMatch='"x"') == ("PreconditionFailed", 412)
    assert fails(s3.put_object, Bucket=bucket, Key="no", Body=b"2", IfMatch='"x"') == ("NoSuchKey", 404)
    assert fails(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch='"x"') == ("NotImplemented", 501)
    s3.put_object(Bucket=bucket, Key="k", Body=b"2" * 100_000, IfMatch=etag)
    assert fails(s3.put_object, Bucket=bucket, Key="k", Body=b"3" * 100_000, IfMatch=etag) == (
        "PreconditionFailed",
        412,
    )
    assert fails(s3.delete_object, Bucket=bucket, Key="k", IfMatch=etag) == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2" * 100_000


ALGORITHMS = ["CRC32", "SHA1", "SHA256"]  # boto3 makes the others only with awscrt


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [10, 100_000])
def test_checksums_are_told_back(world: World, bucket: str, algorithm: str, size: int) -> None:
    put = world.s3.put_object(Bucket=bucket, Key="k", Body=b"x" * size, ChecksumAlgorithm=algorithm)
    head = world.s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert put[f"Checksum{algorithm}"] == head[f"Checksum{algorithm}"]
    assert head["ChecksumType"] == "FULL_OBJECT"
    assert f"Checksum{algorithm}" not in world.s3.head_object(Bucket=bucket, Key="k")
    read = world.s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["Body"].read()
    assert read == b"x" * size


#: Of b"123456789", from the catalogue of CRCs.
KNOWN = {"CRC32": "y/Q5Jg==", "CRC32C": "4waSgw==", "CRC64NVME": "rosUhgp5mIg="}


@pytest.mark.parametrize("algorithm", KNOWN)
def test_checksums_in_headers(world: World, bucket: str, algorithm: str) -> None:
    name = f"x-amz-checksum-{algorithm.lower()}"
    answer, _ = world.http("PUT", f"/{bucket}/k", b"123456789", {name: KNOWN[algorithm]})
    assert (answer.status, answer.headers[name]) == (200, KNOWN[algorithm])
    answer, body = world.http("PUT", f"/{bucket}/k", b"123456780", {name: KNOWN[algorithm]})
    assert answer.status == 400
    assert f"The {algorithm} you specified did not match the calculated checksum." in body.decode()
    answer, body = world.http("PUT", f"/{bucket}/k", b"1", {name: "AAA="})
    assert f"Value for {name} header is invalid." in body.decode()


def test_crc64_when_nothing_is_asked_for(world: World, bucket: str) -> None:
    answer, _ = world.http("PUT", f"/{bucket}/k", b"123456789")
    assert answer.headers["x-amz-checksum-crc64nvme"] == KNOWN["CRC64NVME"]


def test_md5_and_sha256_are_held_against_the_content(world: World, bucket: str) -> None:
    md5 = base64.b64encode(hashlib.md5(b"x").digest()).decode()
    sha = hashlib.sha256(b"x").hexdigest()
    for headers, body, expected in (
        ({"content-md5": md5}, b"x", ""),
        ({"content-md5": md5}, b"y", "BadDigest"),
        ({"content-md5": "eA=="}, b"x", "InvalidDigest"),
        ({"content-md5": "?"}, b"x", "InvalidDigest"),
        ({"x-amz-content-sha256": sha}, b"x", ""),
        ({"x-amz-content-sha256": sha}, b"y" * 100_000, "XAmzContentSHA256Mismatch"),
        ({"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, b"x", ""),
    ):
        answer, text = world.http("PUT", f"/{bucket}/k", body, headers)
        assert (answer.status == 200) == (expected == ""), text
        assert expected in text.decode()
    assert all("incoming" not in str(path) for path in world.files())


def _framed(pieces: list[bytes], trailer: str = "", extension: str = "") -> bytes:
    chunks = [b"%x%s\r\n%s\r\n" % (len(piece), extension.encode(), piece) for piece in pieces]
    return b"".join(chunks) + f"0{extension}\r\n{trailer}\r\n".encode()


def test_bodies_in_signed_chunks(world: World, bucket: str) -> None:
    pieces = [b"a" * 70_000, b"b" * 70_000, b"c"]
    whole = b"".join(pieces)
    crc = base64.b64encode(zlib.crc32(whole).to_bytes(4, "big")).decode()
    plain = {"x-amz-decoded-content-length": str(len(whole)), "content-encoding": "aws-chunked,gzip"}
    signature = f";chunk-signature={'0' * 64}"
    trailer = {"x-amz-trailer": "x-amz-checksum-crc32"}
    for kind, body, more, expected in (
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", _framed(pieces, extension=signature), {}, ""),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", _framed(pieces, f"x-amz-checksum-crc32:{crc}\r\n"), trailer, ""),
        (
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            _framed(pieces, f"x-amz-checksum-crc32:{crc}\r\nx-amz-trailer-signature:{'0' * 64}\r\n", signature),
            trailer,
            "",
        ),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", _framed(pieces, "x-amz-checksum-crc32:AAAAAA==\r\n"), trailer, "BadD"),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", _framed(pieces), trailer, "InvalidRequest"),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", _framed(pieces[:2]), {}, "IncompleteBody"),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", _framed(pieces)[:-10], {}, "IncompleteBody"),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", b"zz\r\n", {}, "IncompleteBody"),
    ):
        answer, text = world.http("PUT", f"/{bucket}/k", body, {**plain, **more, "x-amz-content-sha256": kind})
        assert expected in text.decode()
        assert (answer.status == 200) == (expected == ""), text
        if not expected:
            got = world.s3.get_object(Bucket=bucket, Key="k")
            assert (got["Body"].read(), got["ContentEncoding"]) == (whole, "gzip")


def test_a_copy_keeps_or_replaces(world: World, bucket: str) -> None:
    s3 = world.s3
    s3.put_object(Bucket=bucket, Key="a ü", Body=b"x" * 50_000, Metadata={"m": "1"}, Tagging="t=1", ContentType="a/b")
    source = {"Bucket": bucket, "Key": "a ü"}
    kept = s3.copy_object(Bucket=bucket, Key="kept", CopySource=source)
    assert kept["CopyObjectResult"]["ETag"] == s3.head_object(Bucket=bucket, Key="a ü")["ETag"]
    head = s3.head_object(Bucket=bucket, Key="kept")
    assert (head["Metadata"], head["ContentType"], head["TagCount"]) == ({"m": "1"}, "a/b", 1)
    s3.copy_object(
        Bucket=bucket, Key="new", CopySource=source, MetadataDirective="REPLACE", TaggingDirective="REPLACE",
        Metadata={"n": "2"}, Tagging="",
    )  # fmt: skip
    head = s3.head_object(Bucket=bucket, Key="new")
    assert (head["Metadata"], head["ContentType"], "TagCount" in head) == ({"n": "2"}, "binary/octet-stream", False)
    s3.delete_object(Bucket=bucket, Key="a ü")
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"x" * 50_000


def test_copies_that_are_refused(world: World, bucket: str) -> None:
    s3 = world.s3
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    source = {"Bucket": bucket, "Key": "k"}
    assert fails(s3.copy_object, Bucket=bucket, Key="k", CopySource=source) == ("InvalidRequest", 400)
    s3.copy_object(Bucket=bucket, Key="k", CopySource=source, MetadataDirective="REPLACE", Metadata={"a": "b"})
    for more, expected in (
        ({"CopySource": {"Bucket": bucket, "Key": "no"}}, ("NoSuchKey", 404)),
        ({"CopySource": {"Bucket": "no-such-bucket", "Key": "no"}}, ("NoSuchBucket", 404)),
        ({"CopySource": "nothing"}, ("InvalidArgument", 400)),
        ({"CopySource": source, "CopySourceIfMatch": '"x"'}, ("PreconditionFailed", 412)),
        ({"CopySource": source, "CopySourceIfNoneMatch": etag}, ("PreconditionFailed", 412)),
        ({"CopySource": source, "MetadataDirective": "MAYBE"}, ("InvalidArgument", 400)),
        ({"CopySource": {**source, "VersionId": "x"}}, ("NoSuchVersion", 404)),
    ):
        assert fails(s3.copy_object, Bucket=bucket, Key="new", **more) == expected


def test_many_are_deleted_at_once(world: World, bucket: str) -> None:
    for key in ("a", "b ü&<", "c"):
        world.s3.put_object(Bucket=bucket, Key=key, Body=b"x" * 20_000)
    objects = [{"Key": key} for key in ("a", "b ü&<", "not there")]
    done = world.s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert sorted(entry["Key"] for entry in done["Deleted"]) == ["a", "b ü&<", "not there"]
    quiet = world.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "c"}], "Quiet": True})
    assert "Deleted" not in quiet
    assert "Contents" not in world.s3.list_objects_v2(Bucket=bucket)
    many = [{"Key": str(number)} for number in range(1001)]
    assert fails(world.s3.delete_objects, Bucket=bucket, Delete={"Objects": many}) == ("MalformedXML", 400)
    failed = world.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "c", "ETag": '"x"'}]})
    assert [error["Code"] for error in failed["Errors"]] == ["NoSuchKey"]


def test_files_go_with_their_objects(world: World, bucket: str) -> None:
    before = len(world.files())
    for _ in range(3):
        world.s3.put_object(Bucket=bucket, Key="k", Body=os.urandom(40_000))
    world.s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})
    for key in ("k", "copy"):
        world.s3.delete_object(Bucket=bucket, Key=key)
    world.run(_collected(world))
    assert len(world.files()) == before


async def _collected(world: World) -> None:
    task = world.objects.store.garbage._task
    if task is not None:
        await task


def test_tags(world: World, bucket: str) -> None:
    s3, place = world.s3, {"Bucket": bucket, "Key": "k"}
    s3.put_object(**place, Body=b"x")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b c", "Value": ""}]
    s3.put_object_tagging(**place, Tagging={"TagSet": tags})
    assert s3.get_object_tagging(**place)["TagSet"] == tags
    s3.delete_object_tagging(**place)
    assert s3.get_object_tagging(**place)["TagSet"] == []
    for bad in (
        [{"Key": "a", "Value": "1"}] * 2,
        [{"Key": str(n), "Value": ""} for n in range(11)],
        [{"Key": "aws:x", "Value": ""}],
        [{"Key": "k" * 129, "Value": ""}],
        [{"Key": "k", "Value": "v" * 257}],
        [{"Key": "k", "Value": "<"}],
    ):
        assert fails(s3.put_object_tagging, **place, Tagging={"TagSet": bad}) == ("InvalidTag", 400)
    assert fails(s3.put_object, **place, Tagging="a=1&a=2") == ("InvalidTag", 400)
    assert fails(s3.put_object_tagging, Bucket=bucket, Key="no", Tagging={"TagSet": []}) == ("NoSuchKey", 404)


def test_attributes(world: World, bucket: str) -> None:
    world.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    asked = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    found = world.s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=asked)
    assert (found["ETag"], found["ObjectSize"]) == (hashlib.md5(b"x").hexdigest(), 1)
    assert (found["StorageClass"], found["Checksum"]["ChecksumType"]) == ("STANDARD", "FULL_OBJECT")
    assert fails(world.s3.get_object_attributes, Bucket=bucket, Key="k", ObjectAttributes=["X"])[0] == "InvalidArgument"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}, "NotImplemented"),
    ({"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": NOW}, "NotImplemented"),
    ({"ObjectLockLegalHoldStatus": "ON"}, "NotImplemented"),
    ({"GrantRead": "id=1"}, "NotImplemented"),
    ({"WriteOffsetBytes": 5}, "NotImplemented"),
    ({"StorageClass": "GLACIER"}, "NotImplemented"),
    ({"StorageClass": "FAST"}, "InvalidRequest"),
    ({"ACL": "public-read"}, "AccessControlListNotSupported"),
    ({"ACL": "nobody"}, "InvalidArgument"),
    ({"ServerSideEncryption": "ROT13"}, "InvalidArgument"),
    ({"ExpectedBucketOwner": "999999999999"}, "AccessDenied"),
]


@pytest.mark.parametrize(("more", "code"), REFUSED)
def test_what_is_not_done_is_refused(world: World, bucket: str, more: dict[str, Any], code: str) -> None:
    assert fails(world.s3.put_object, Bucket=bucket, Key="k", Body=b"x", **more)[0] == code
    assert "Contents" not in world.s3.list_objects_v2(Bucket=bucket)


def test_keys_that_cannot_be(world: World, bucket: str) -> None:
    assert fails(world.s3.put_object, Bucket=bucket, Key="x" * 1025, Body=b"") == ("KeyTooLongError", 400)
    assert fails(world.s3.get_object, Bucket="no-such-bucket", Key="k") == ("NoSuchBucket", 404)
    answer, body = world.http("PUT", f"/{bucket}/%FF", b"x")
    assert (answer.status, b"<Code>InvalidArgument</Code>" in body) == (400, True)


def test_sub_resources_that_are_not_offered(world: World, bucket: str) -> None:
    world.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for method, path in (("GET", "k?torrent"), ("PUT", "k?retention"), ("POST", "k?restore"), ("GET", "?inventory")):
        answer, body = world.http(method, f"/{bucket}/{path}", b"", {"authorization": "AWS a:b"})
        assert (answer.status, b"<Code>NotImplemented</Code>" in body) == (501, True), path
    assert "is not implemented" in sentence(
        world.s3.put_bucket_website, Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "i"}}
    )
