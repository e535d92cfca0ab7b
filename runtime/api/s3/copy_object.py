"""CopyObject. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"""

from __future__ import annotations

import msgspec

from runtime.api.s3.acls import meta_of
from runtime.api.s3.app import S3, S3App, answer, cause_of, iso, write_condition
from runtime.api.s3.copying import checksum_of, copied, source_of
from runtime.api.s3.described import with_sums, write_headers
from runtime.api.s3.put_object import DEFAULT_ALGORITHM
from runtime.model.s3.checksums import FULL_OBJECT, check_algorithm
from runtime.model.s3.errors import S3Error, invalid
from runtime.model.s3.values import Bucket, Meta, Version
from runtime.objects.store import Opened
from streamcore.api.aws.rest_xml import Level, XmlCall
from streamcore.api.http import Response


@S3.action("CopyObject", "PUT", Level.OBJECT, "x-amz-copy-source:")
async def copy_object(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    condition = write_condition(call)
    with await source_of(s3, call) as opened:
        meta = _meta(call, bucket, opened.version)
        _check_changes(call, bucket, key, opened)
        algorithm = _algorithm(call, opened.version.meta)
        content = await copied(s3, opened, 0, opened.version.size, {algorithm})
        meta = with_sums(meta, algorithm, checksum_of(opened, content, algorithm))
        version = await s3.store.put(
            bucket, key, content, meta, event="ObjectCreated:Copy", cause=cause_of(call), condition=condition
        )
        headers = write_headers(bucket, version)
        headers.pop("etag")
        source = s3.store.buckets.get(_source_bucket(call))
        if source is not None and source.versioning:
            headers["x-amz-copy-source-version-id"] = opened.version.version_id
    result = {
        "ETag": f'"{version.etag}"',
        "LastModified": iso(version.modified_ms),
        f"Checksum{algorithm}": version.meta.checksum,
        "ChecksumType": FULL_OBJECT,
    }
    return answer("CopyObjectResult", result, headers=headers)


def _source_bucket(call: XmlCall) -> str:
    return call.headers.get("x-amz-copy-source", "").removeprefix("arn:aws:s3:::").lstrip("/").partition("/")[0]


def _directive(call: XmlCall, name: str) -> str:
    value = call.headers.get(name, "COPY")
    if value not in ("COPY", "REPLACE"):
        raise invalid(
            name, value, "Unknown metadata directive." if "metadata" in name else "Unknown tagging directive."
        )
    return value


def _meta(call: XmlCall, bucket: Bucket, source: Version) -> Meta:
    """The copy's metadata: the source's or the request's, and tags by a directive of their own."""
    given = meta_of(call, bucket)
    known = source.meta
    if _directive(call, "x-amz-metadata-directive") == "COPY":
        given = msgspec.structs.replace(given, headers=known.headers, user=known.user)
    if _directive(call, "x-amz-tagging-directive") == "COPY":
        given = msgspec.structs.replace(given, tags=known.tags)
    return given


def _algorithm(call: XmlCall, known: Meta) -> str:
    asked = call.headers.get("x-amz-checksum-algorithm")
    if asked:
        return check_algorithm(asked)
    # A composite checksum is of parts: the copy has none.
    return known.checksum_algorithm if known.checksum_type == FULL_OBJECT else DEFAULT_ALGORITHM


def _check_changes(call: XmlCall, bucket: Bucket, key: str, opened: Opened) -> None:
    source = opened.version
    is_itself = _source_bucket(call) == bucket.name and source.key == key and source.is_latest
    changes = (
        _directive(call, "x-amz-metadata-directive") == "REPLACE",
        any(name in call.headers for name in ("x-amz-storage-class", "x-amz-website-redirect-location")),
        "x-amz-server-side-encryption" in call.headers or "x-amz-checksum-algorithm" in call.headers,
        bucket.is_versioned,
    )
    if is_itself and not any(changes):
        raise S3Error(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes.",
        )
