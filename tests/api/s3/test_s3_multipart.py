"""Multipart uploads by boto3: any order, replaced parts, copies, rules of completion, and what is left of them."""

from __future__ import annotations

import base64
import hashlib
import io
import os
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from s3_harness import World, fails

MIB = 1024 * 1024
FIVE = 5 * MIB


def begin(world: World, bucket: str, **more: Any) -> dict[str, str]:
    made = world.s3.create_multipart_upload(Bucket=bucket, Key="k", **more)
    return {"Bucket": bucket, "Key": "k", "UploadId": made["UploadId"]}


def part(world: World, upload: dict[str, str], number: int, body: bytes, **more: Any) -> dict[str, Any]:
    return {"PartNumber": number, "ETag": world.s3.upload_part(**upload, PartNumber=number, Body=body, **more)["ETag"]}


def complete(world: World, upload: dict[str, str], *parts: dict[str, Any], **more: Any) -> Any:
    return world.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": list(parts)}, **more)


def test_parts_in_any_order_become_one_object(world: World, bucket: str) -> None:
    bodies = [os.urandom(FIVE), os.urandom(FIVE + 1), os.urandom(10)]
    upload = begin(world, bucket, Metadata={"m": "1"}, ContentType="a/b", Tagging="t=1")
    third = part(world, upload, 30, bodies[2])
    part(world, upload, 2, b"replaced")
    second, first = part(world, upload, 2, bodies[1]), part(world, upload, 1, bodies[0])
    part(world, upload, 40, b"left out")
    listed = world.s3.list_parts(**upload)
    assert [(p["PartNumber"], p["Size"]) for p in listed["Parts"]] == [(1, FIVE), (2, FIVE + 1), (30, 10), (40, 8)]
    assert "Contents" not in world.s3.list_objects_v2(Bucket=bucket)
    done = complete(world, upload, first, second, third)
    whole = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies)).hexdigest()
    assert done["ETag"] == f'"{whole}-3"'
    got = world.s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read() == b"".join(bodies), got["Metadata"], got["ContentType"]) == (True, {"m": "1"}, "a/b")
    over = world.s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={FIVE - 3}-{2 * FIVE + 4}")["Body"].read()
    assert over == b"".join(bodies)[FIVE - 3 : 2 * FIVE + 5]
    second_part = world.s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert (second_part["Body"].read() == bodies[1], second_part["PartsCount"]) == (True, 3)
    assert world.s3.head_object(Bucket=bucket, Key="k", PartNumber=3)["ContentLength"] == 10
    assert fails(world.s3.get_object, Bucket=bucket, Key="k", PartNumber=4) == ("InvalidPartNumber", 416)
    assert fails(world.s3.list_parts, **upload) == ("NoSuchUpload", 404)
    found = world.s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"], MaxParts=2)
    assert (found["ObjectParts"]["TotalPartsCount"], found["ObjectParts"]["IsTruncated"]) == (3, True)


def test_rules_of_completion(world: World, bucket: str) -> None:
    upload = begin(world, bucket)
    small, last = part(world, upload, 1, b"x"), part(world, upload, 2, b"y")
    cases: list[tuple[tuple[dict[str, Any], ...], dict[str, Any], str]] = [
        ((small, last), {}, "EntityTooSmall"),
        ((last, small), {}, "InvalidPartOrder"),
        (({**small, "ETag": '"' + "0" * 32 + '"'},), {}, "InvalidPart"),
        (({**small, "PartNumber": 3},), {}, "InvalidPart"),
        ((), {}, "MalformedXML"),
        ((last,), {"MpuObjectSize": 5}, "InvalidRequest"),
        ((last,), {"ChecksumCRC32": "AAAAAA=="}, "BadDigest"),
    ]
    for parts, more, code in cases:
        assert fails(complete, world=world, upload=upload, **more)[0] == "MalformedXML" if not parts else True
        if parts:
            with pytest.raises(world.s3.exceptions.ClientError) as caught:
                complete(world, upload, *parts, **more)
            assert caught.value.response["Error"]["Code"] == code
    complete(world, upload, last, MpuObjectSize=1, IfNoneMatch="*")
    again = begin(world, bucket)
    with pytest.raises(world.s3.exceptions.ClientError, match="PreconditionFailed"):
        complete(world, again, part(world, again, 1, b"z"), IfNoneMatch="*")
    for number in (0, 10_001):
        assert fails(world.s3.upload_part, **again, PartNumber=number, Body=b"") == ("InvalidArgument", 400)
    nobody = {**again, "UploadId": "nobody"}
    assert fails(world.s3.upload_part, **nobody, PartNumber=1, Body=b"") == ("NoSuchUpload", 404)
    assert fails(world.s3.abort_multipart_upload, **nobody) == ("NoSuchUpload", 404)


@pytest.mark.parametrize(
    ("algorithm", "kind"), [("CRC32", "COMPOSITE"), ("CRC32", "FULL_OBJECT"), ("SHA256", "COMPOSITE")]
)
def test_checksums_of_parts_become_one(world: World, bucket: str, algorithm: str, kind: str) -> None:
    bodies = [os.urandom(FIVE), b"the end"]
    upload = begin(world, bucket, ChecksumAlgorithm=algorithm, ChecksumType=kind)
    parts = []
    for number, body in enumerate(bodies, 1):
        done = world.s3.upload_part(**upload, PartNumber=number, Body=body, ChecksumAlgorithm=algorithm)
        parts.append({"PartNumber": number, "ETag": done["ETag"], f"Checksum{algorithm}": done[f"Checksum{algorithm}"]})
    done = complete(world, upload, *parts)
    assert done["ChecksumType"] == kind
    if kind == "FULL_OBJECT":
        import zlib

        expected = base64.b64encode(zlib.crc32(b"".join(bodies)).to_bytes(4, "big")).decode()
    else:
        raw = b"".join(base64.b64decode(one[f"Checksum{algorithm}"]) for one in parts)
        from runtime.model.s3.checksums import checksum_of

        expected = f"{checksum_of(algorithm, raw)}-2"
    assert done[f"Checksum{algorithm}"] == expected
    assert world.s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")[f"Checksum{algorithm}"] == expected


def test_checksum_types_that_do_not_go_together(world: World, bucket: str) -> None:
    for algorithm, kind in (("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE"), ("CRC32", "HALF"), ("ADLER", "")):
        more = {"ChecksumAlgorithm": algorithm} | ({"ChecksumType": kind} if kind else {})
        with pytest.raises(world.s3.exceptions.ClientError, match="Invalid"):
            begin(world, bucket, **more)
    upload = begin(world, bucket, ChecksumAlgorithm="SHA256")
    assert fails(world.s3.upload_part, **upload, PartNumber=1, Body=b"x", ChecksumAlgorithm="CRC32") == (
        "InvalidRequest",
        400,
    )


def test_parts_are_copied(world: World, bucket: str) -> None:
    data = os.urandom(FIVE + 100)
    world.s3.put_object(Bucket=bucket, Key="source", Body=data)
    source = {"Bucket": bucket, "Key": "source"}
    upload = begin(world, bucket)
    copy = world.s3.upload_part_copy
    one = copy(**upload, PartNumber=1, CopySource=source)["CopyPartResult"]
    two = copy(**upload, PartNumber=2, CopySource=source, CopySourceRange="bytes=10-19")["CopyPartResult"]
    for bad in ("bytes=10-", "bytes=5-99999999", "10-19"):
        assert fails(copy, **upload, PartNumber=3, CopySource=source, CopySourceRange=bad) == ("InvalidArgument", 400)
    world.s3.delete_object(**source)
    complete(world, upload, *({"PartNumber": n, "ETag": p["ETag"]} for n, p in ((1, one), (2, two))))
    assert world.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == data + data[10:20]
    world.s3.copy_object(Bucket=bucket, Key="flat", CopySource={"Bucket": bucket, "Key": "k"})
    assert world.s3.head_object(Bucket=bucket, Key="flat")["ETag"] == f'"{hashlib.md5(data + data[10:20]).hexdigest()}"'


def test_uploads_are_listed_and_aborted(world: World, bucket: str) -> None:
    before = len(world.files())
    ids = [world.s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"] for key in ("a/1", "a/2", "b", "b")]
    world.s3.upload_part(Bucket=bucket, Key="b", UploadId=ids[2], PartNumber=1, Body=b"x" * 50_000)
    assert len(world.files()) == before + 1
    page = world.s3.list_multipart_uploads(Bucket=bucket, MaxUploads=3)
    rest = world.s3.list_multipart_uploads(
        Bucket=bucket, KeyMarker=page["NextKeyMarker"], UploadIdMarker=page["NextUploadIdMarker"]
    )
    assert {one["UploadId"] for one in (*page["Uploads"], *rest["Uploads"])} == set(ids)
    assert len(rest["Uploads"]) == 1
    grouped = world.s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert (grouped["CommonPrefixes"], len(grouped["Uploads"])) == ([{"Prefix": "a/"}], 2)
    world.s3.abort_multipart_upload(Bucket=bucket, Key="b", UploadId=ids[2])
    world.s3.delete_bucket(Bucket=bucket)  # uploads do not keep it
    world.run(_collected(world))
    assert len(world.files()) == before


async def _collected(world: World) -> None:
    task = world.objects.store.garbage._task
    if task is not None:
        await task


def test_boto3s_transfers(world: World, bucket: str) -> None:
    data = os.urandom(MIB) * 20
    config = TransferConfig(multipart_threshold=FIVE, multipart_chunksize=FIVE, max_concurrency=4)
    world.s3.upload_fileobj(io.BytesIO(data), bucket, "k", Config=config)
    out = io.BytesIO()
    world.s3.download_fileobj(bucket, "k", out, Config=config)
    assert out.getvalue() == data
    world.s3.copy({"Bucket": bucket, "Key": "k"}, bucket, "copy", Config=config)
    assert world.s3.head_object(Bucket=bucket, Key="copy")["ETag"].endswith('-4"')
