"""Listings of a bucket. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any, Final

from runtime.api.s3.app import S3, S3App, answer, iso, number_in, owner_id, owner_of
from runtime.model.s3.errors import S3Error, invalid
from runtime.model.s3.names import url_encoded
from runtime.model.s3.values import NULL, Bucket, Entry, Upload
from runtime.objects import listing
from runtime.objects.listing import Page, Query
from streamcore.api.aws.rest_xml import Level, XmlCall
from streamcore.api.http import Response

PAGE_MAX: Final = 1000
Encode = Callable[[str], str]


def _encoder(call: XmlCall) -> Encode:
    """Raises S3Error: InvalidArgument."""
    kind = call.query.get("encoding-type", "")
    if kind not in ("", "url"):
        raise invalid("encoding-type", kind, "Invalid Encoding Method specified in Request")
    return url_encoded if kind else str


def _query(call: XmlCall, start_after: str, most: int) -> Query:
    return Query(call.query.get("prefix", ""), call.query.get("delimiter", ""), start_after, most)


def _head(call: XmlCall, bucket: Bucket, encode: Encode, most: int, page: Page) -> dict[str, Any]:
    """What all listings say of themselves."""
    delimiter = call.query.get("delimiter")
    return {
        "Name": bucket.name,
        "Prefix": encode(call.query.get("prefix", "")),
        "Delimiter": encode(delimiter) if delimiter else None,
        "MaxKeys": most,
        "EncodingType": call.query.get("encoding-type") or None,
        "IsTruncated": page.is_truncated,
    }


def _prefixes(page: Page, encode: Encode) -> list[dict[str, str]]:
    return [{"Prefix": encode(prefix)} for prefix in page.prefixes]


def _object(entry: Entry, encode: Encode, *, with_owner: bool) -> dict[str, Any]:
    return {
        "Key": encode(entry.key),
        "LastModified": iso(entry.modified_ms),
        "ETag": f'"{entry.etag}"',
        "ChecksumAlgorithm": entry.checksum_algorithm or None,
        "ChecksumType": entry.checksum_type or None,
        "Size": entry.size,
        "Owner": owner_of(entry.owner) if with_owner else None,
        "StorageClass": entry.storage_class,
    }


async def _current(s3: S3App, bucket: Bucket, query: Query) -> Page:
    if query.most == 0:
        return Page([], [])
    return await s3.store.reader.run(lambda c: listing.current(c, bucket.number, query))


@S3.action("ListObjects", "GET", Level.BUCKET)
async def list_objects(s3: S3App, call: XmlCall) -> Response:
    bucket, encode = s3.bucket(call), _encoder(call)
    most, marker = number_in(call, "max-keys", PAGE_MAX, PAGE_MAX), call.query.get("marker", "")
    page = await _current(s3, bucket, _query(call, marker, most))
    content = _head(call, bucket, encode, most, page)
    content["Marker"] = encode(marker)
    if page.is_truncated and call.query.get("delimiter"):  # without, the last key is the next marker
        content["NextMarker"] = encode(page.last)
    content["Contents"] = [_object(entry, encode, with_owner=True) for entry in page.items]
    content["CommonPrefixes"] = _prefixes(page, encode)
    return answer("ListBucketResult", content, headers={"x-amz-bucket-region": bucket.region})


@S3.action("ListObjectsV2", "GET", Level.BUCKET, "list-type=2")
async def list_objects_v2(s3: S3App, call: XmlCall) -> Response:
    bucket, encode = s3.bucket(call), _encoder(call)
    most = number_in(call, "max-keys", PAGE_MAX, PAGE_MAX)
    token, after = call.query.get("continuation-token"), call.query.get("start-after", "")
    start = after if token is None else _position(token)
    page = await _current(s3, bucket, _query(call, start, most))
    content = _head(call, bucket, encode, most, page)
    content |= {
        "KeyCount": len(page.items) + len(page.prefixes),
        "ContinuationToken": token,
        "StartAfter": encode(after) if after else None,
        "NextContinuationToken": _token(page.last) if page.is_truncated else None,
    }
    with_owner = call.query.get("fetch-owner") == "true"
    content["Contents"] = [_object(entry, encode, with_owner=with_owner) for entry in page.items]
    content["CommonPrefixes"] = _prefixes(page, encode)
    return answer("ListBucketResult", content, headers={"x-amz-bucket-region": bucket.region})


def _token(last: str) -> str:
    """Where the next page begins after, as a token that says nothing to a reader."""
    return urlsafe_b64encode(b"1" + last.encode()).decode()


def _position(token: str) -> str:
    """Raises S3Error: InvalidArgument."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii"))
        if raw[:1] != b"1":
            raise ValueError
        return raw[1:].decode()
    except ValueError:
        raise invalid("continuation-token", token, "The continuation token provided is incorrect") from None


@S3.action("ListObjectVersions", "GET", Level.BUCKET, "versions")
async def list_object_versions(s3: S3App, call: XmlCall) -> Response:
    bucket, encode = s3.bucket(call), _encoder(call)
    most, marker = number_in(call, "max-keys", PAGE_MAX, PAGE_MAX), call.query.get("key-marker", "")
    version_marker = call.query.get("version-id-marker", "")
    if version_marker and not marker:
        raise invalid(
            "version-id-marker", version_marker, "A version-id marker cannot be specified without a key marker."
        )
    query = _query(call, marker, most)
    page = Page([], [])
    if most:
        page = await s3.store.reader.run(lambda c: listing.versions(c, bucket.number, query, version_marker))
    content = _head(call, bucket, encode, most, page)
    content |= {"KeyMarker": encode(marker), "VersionIdMarker": version_marker}
    if page.is_truncated:
        content |= {"NextKeyMarker": encode(page.last), "NextVersionIdMarker": page.last_mark or None}
    content["Version"] = [_version(entry, encode) for entry in page.items if not entry.is_marker]
    content["DeleteMarker"] = [_marker(entry, encode, bucket) for entry in page.items if entry.is_marker]
    content["CommonPrefixes"] = _prefixes(page, encode)
    return answer("ListVersionsResult", content)


def _version(entry: Entry, encode: Encode) -> dict[str, Any]:
    named = {"VersionId": entry.version_id, "IsLatest": entry.is_latest}
    return {**_object(entry, encode, with_owner=True), **named}


def _marker(entry: Entry, encode: Encode, bucket: Bucket) -> dict[str, Any]:
    return {
        "Key": encode(entry.key),
        "VersionId": entry.version_id or NULL,
        "IsLatest": entry.is_latest,
        "LastModified": iso(entry.modified_ms),
        "Owner": {"ID": owner_id(bucket.account), "DisplayName": bucket.account},
    }


@S3.action("ListMultipartUploads", "GET", Level.BUCKET, "uploads")
async def list_multipart_uploads(s3: S3App, call: XmlCall) -> Response:
    bucket, encode = s3.bucket(call), _encoder(call)
    most, marker = number_in(call, "max-uploads", PAGE_MAX, PAGE_MAX), call.query.get("key-marker", "")
    if most == 0:
        raise S3Error("InvalidArgument", "Argument max-uploads must be an integer between 1 and 1000")
    upload_marker = call.query.get("upload-id-marker", "") if marker else ""
    query = _query(call, marker, most)
    page = await s3.store.reader.run(lambda c: listing.uploads(c, bucket.number, query, upload_marker))
    content = {
        "Bucket": bucket.name,
        "KeyMarker": encode(marker),
        "UploadIdMarker": upload_marker,
        "NextKeyMarker": encode(page.last) if page.is_truncated else None,
        "NextUploadIdMarker": (page.last_mark or None) if page.is_truncated else None,
        "Delimiter": encode(query.delimiter) if query.delimiter else None,
        "Prefix": encode(query.prefix),
        "EncodingType": call.query.get("encoding-type") or None,
        "MaxUploads": most,
        "IsTruncated": page.is_truncated,
        "Upload": [_upload(upload, encode, bucket) for upload in page.items],
        "CommonPrefixes": _prefixes(page, encode),
    }
    return answer("ListMultipartUploadsResult", content)


def _upload(upload: Upload, encode: Encode, bucket: Bucket) -> dict[str, Any]:
    return {
        "Key": encode(upload.key),
        "UploadId": upload.upload_id,
        "Initiator": owner_of(bucket.account),
        "Owner": owner_of(bucket.account),
        "StorageClass": upload.meta.storage_class or "STANDARD",
        "Initiated": iso(upload.begun_ms),
        "ChecksumAlgorithm": upload.meta.checksum_algorithm or None,
        "ChecksumType": upload.meta.checksum_type or None,
    }
