"""Junk at every action: always an answer of S3's, never a fault."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from multidict import CIMultiDict

from runtime.api.s3.actions import S3
from runtime.api.s3.api import S3Api
from runtime.api.s3.app import S3App
from runtime.api.s3.described import KEPT
from runtime.destinations.router import Destinations
from runtime.model.s3.values import Meta
from runtime.objects.app import Objects
from streamcore.api.aws.kinesis import KINESIS
from streamcore.api.aws.rest_xml import Level, XmlAction
from streamcore.api.aws.service import Endpoint
from streamcore.api.aws.target import TargetProtocol
from streamcore.api.http import Request, StreamingResponse
from streamcore.broker import open_broker

ODD = [
    "", "0", "-1", "9" * 30, "x" * 3000, "\udcff\udcfe", "é", "a=b&c", "<x>", "*", "bytes=0-", "pics/k", "/", "%ff",
    "true",
]  # fmt: skip
BODIES = [b"", b"x", b"<a/>", b"\xff" * 100, b"<?xml version='1.0'?><a><b><c>1</c></b></a>", b"{}", b"x" * 70_000]
HEADERS = [
    *KEPT, "range", "if-match", "if-none-match", "if-modified-since", "content-md5", "content-length", "x-amz-acl",
    "x-amz-checksum-crc32", "x-amz-checksum-algorithm", "x-amz-checksum-type", "x-amz-content-sha256", "x-amz-tagging",
    "x-amz-copy-source", "x-amz-copy-source-range", "x-amz-meta-a", "x-amz-metadata-directive", "x-amz-storage-class",
    "x-amz-decoded-content-length", "x-amz-trailer", "x-amz-mp-object-size", "x-amz-object-attributes", "origin",
    "x-amz-max-parts", "x-amz-website-redirect-location", "x-amz-expected-bucket-owner", "authorization", "host",
    "x-amz-server-side-encryption", "x-amz-sdk-checksum-algorithm", "x-amz-object-ownership", "content-type",
]  # fmt: skip
QUERIES = [
    "versionId", "partNumber", "uploadId", "max-keys", "max-parts", "prefix", "delimiter", "continuation-token",
    "marker", "key-marker", "version-id-marker", "upload-id-marker", "start-after", "encoding-type", "X-Amz-Signature",
    "response-content-type", "X-Amz-Expires", "X-Amz-Date", "max-buckets", "part-number-marker", "list-type",
]  # fmt: skip
ROOTS = [
    "Tagging", "Delete", "CompleteMultipartUpload", "CORSConfiguration", "LifecycleConfiguration", "OwnershipControls",
    "NotificationConfiguration", "VersioningConfiguration", "AccessControlPolicy", "CreateBucketConfiguration",
    "ServerSideEncryptionConfiguration", "PublicAccessBlockConfiguration",
]  # fmt: skip
INSIDE = [
    "Rule", "TagSet", "Tag", "Key", "Value", "Object", "Part", "PartNumber", "ETag", "CORSRule", "AllowedOrigin", "And",
    "AllowedMethod", "Filter", "Status", "Expiration", "Days", "Date", "CloudFunctionConfiguration", "Event", "Name",
    "CloudFunction", "S3Key", "FilterRule", "Grant", "AccessControlList", "Grantee", "Permission", "ID",
]  # fmt: skip


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[S3Api]:
    async with open_broker(None) as broker:
        objects = Objects(broker)
        objects.notify_through(Destinations())
        await objects.start()
        bucket = await objects.store.create_bucket("pics", "1", "us-east-1", {})
        await objects.store.put(bucket, "k", await objects.store.blobs.incoming().finish(), Meta())
        yield S3Api(S3App(objects), Endpoint([TargetProtocol(broker, [KINESIS])]), broker.settings)
        await objects.close()


def junk_xml(chance: random.Random, depth: int = 0) -> str:
    if depth > 4 or chance.random() < 0.2:
        return chance.choice(["", "1", "Enabled", "x" * 300, "s3:ObjectCreated:*", "2020-01-01", "&lt;"])
    names = chance.choices(INSIDE, k=chance.randrange(1, 4))
    return "".join(f"<{name}>{junk_xml(chance, depth + 1)}</{name}>" for name in names)


def junk(action: XmlAction, chance: random.Random) -> Request:
    path = {Level.SERVICE: "/", Level.BUCKET: "/pics", Level.OBJECT: "/pics/k"}[action.level]
    headers: CIMultiDict[str] = CIMultiDict({"host": "localhost"})
    query = [demand for demand in action.demands if not demand.endswith(":")]
    headers.update({demand[:-1]: chance.choice(ODD) for demand in action.demands if demand.endswith(":")})
    for name in chance.sample(HEADERS, chance.randrange(4)):
        headers[name] = chance.choice(ODD)
    values = ["", "1", "-5", "x" * 2000, "%FF", "%00", "%0D%0A", "9" * 40]
    query += [f"{name}={chance.choice(values)}" for name in chance.sample(QUERIES, chance.randrange(3))]
    root = chance.choice(ROOTS)
    body = chance.choice([*BODIES, *[f"<{root}>{junk_xml(chance)}</{root}>".encode()] * 8])
    return Request(action.method, path, headers, body, "&".join(query))


@pytest.mark.parametrize("name", sorted(S3.actions))
async def test_junk(api: S3Api, name: str) -> None:
    chance = random.Random(name)
    for _ in range(60):
        request = junk(S3.actions[name], chance)
        answer = await api.answer(request)
        assert answer.status != 500, request
        for value in answer.headers.values():
            assert value.isascii(), request
            assert "\n" not in value, request
        if isinstance(answer, StreamingResponse):
            await answer.events.aclose()  # type: ignore[attr-defined]  # ours has one


async def test_methods_and_paths_that_are_none(api: S3Api) -> None:
    for method in ("PATCH", "TRACE", "GET", "X" * 100):
        for path in ("//", "/pics//", "/%00", "/pics/%ED%A0%80", "/" + "x" * 5000, "/pics/" + "%20" * 2000):
            answer = await api.answer(Request(method, path, CIMultiDict({"host": "localhost"})))
            assert 200 <= answer.status < 500
