"""The actions of multipart uploads. https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from runtime.api.s3.acls import meta_of
from runtime.api.s3.app import (
    S3,
    S3App,
    answer,
    base64_of,
    cause_of,
    iso,
    number_in,
    owner_of,
    write_condition,
)
from runtime.api.s3.arrival import arrival_of, document_of
from runtime.api.s3.copying import checksum_of, copied, source_of
from runtime.api.s3.described import refuse_unkept, write_headers
from runtime.api.s3.put_object import DEFAULT_ALGORITHM
from runtime.model.s3.checksums import ALGORITHMS, COMPOSITE, check_algorithm, check_type, given_in, header_name
from runtime.model.s3.conditions import byte_range
from runtime.model.s3.errors import S3Error, invalid
from runtime.model.s3.values import PARTS_MAX
from runtime.objects.uploads import Named
from streamcore.api.aws.rest_xml import Level, XmlCall
from streamcore.api.http import Response
from streamcore.model.xml import Node

_RANGE: Final = re.compile(r"(?a)\Abytes=\d{1,18}-\d{1,18}\Z")


@S3.action("CreateMultipartUpload", "POST", Level.OBJECT, "uploads")
async def create_multipart_upload(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    named = call.headers.get("x-amz-checksum-algorithm", "")
    algorithm = check_algorithm(named) if named else DEFAULT_ALGORITHM
    type_ = check_type(algorithm, call.headers.get("x-amz-checksum-type", ""))
    meta = msgspec.structs.replace(meta_of(call, bucket), checksum_algorithm=algorithm, checksum_type=type_)
    upload = await s3.uploads.begin(bucket, key, meta)
    headers = {"x-amz-checksum-algorithm": algorithm, "x-amz-checksum-type": type_} if named else {}
    if meta.encryption:
        headers["x-amz-server-side-encryption"] = meta.encryption
    content = {"Bucket": bucket.name, "Key": key, "UploadId": upload.upload_id}
    return answer("InitiateMultipartUploadResult", content, headers=headers)


@S3.action("UploadPart", "PUT", Level.OBJECT, "partNumber", "uploadId")
async def upload_part(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    refuse_unkept(call.headers)
    number = _number(call)
    upload = await s3.uploads.find(bucket, key, call.query["uploadId"])
    arrival = arrival_of(call)
    algorithm, given = upload.meta.checksum_algorithm, arrival.said.algorithm
    if given and given != algorithm and upload.meta.checksum_type == COMPOSITE:
        raise S3Error(
            "InvalidRequest",
            f"Checksum Type mismatch occurred, expected checksum Type: {algorithm.lower()}, actual checksum Type: "
            f"{given.lower()}",
        )
    content = await arrival.content(s3.store, algorithm)
    checksum = base64_of(content.sums[algorithm])
    part = await s3.uploads.add(bucket, key, upload.upload_id, number, content, checksum)
    told = {header_name(given or algorithm): base64_of(content.sums[given or algorithm])}
    return Response(200, {"etag": f'"{part.etag}"', **told})


@S3.action("UploadPartCopy", "PUT", Level.OBJECT, "partNumber", "uploadId", "x-amz-copy-source:")
async def upload_part_copy(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    refuse_unkept(call.headers)
    number = _number(call)
    upload = await s3.uploads.find(bucket, key, call.query["uploadId"])
    algorithm = upload.meta.checksum_algorithm
    with await source_of(s3, call) as opened:
        start, stop = _copy_range(call, opened.version.size)
        content = await copied(s3, opened, start, stop, {algorithm})
        checksum = checksum_of(opened, content, algorithm)
    part = await s3.uploads.add(bucket, key, upload.upload_id, number, content, checksum)
    result = {"ETag": f'"{part.etag}"', "LastModified": iso(part.modified_ms), f"Checksum{algorithm}": checksum}
    return answer("CopyPartResult", result)


@S3.action("CompleteMultipartUpload", "POST", Level.OBJECT, "uploadId")
async def complete_multipart_upload(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    refuse_unkept(call.headers)
    # Checksums in the headers are those of the object, not of this document.
    given = given_in(call.headers)
    plain = {name: value for name, value in call.headers.items() if not name.lower().startswith("x-amz-checksum-")}
    bare = msgspec.structs.replace(call, request=msgspec.structs.replace(call.request, headers=_Lower(plain)))
    root = await document_of(bare, "CompleteMultipartUpload")
    size = call.headers.get("x-amz-mp-object-size")
    if size is not None and not (size.isascii() and size.isdigit() and len(size) < 16):
        raise invalid("x-amz-mp-object-size", size, "The object size is no number")
    version = await s3.uploads.complete(
        bucket,
        key,
        call.query["uploadId"],
        [_named(node) for node in root.all("Part")],
        size=None if size is None else int(size),
        checksum=given,
        cause=cause_of(call),
        condition=write_condition(call),
    )
    headers = write_headers(bucket, version)
    headers.pop("etag")
    content = {
        "Location": f"{call.origin}/{bucket.name}/{key}",
        "Bucket": bucket.name,
        "Key": key,
        "ETag": f'"{version.etag}"',
        f"Checksum{version.meta.checksum_algorithm}": version.meta.checksum or None,
        "ChecksumType": version.meta.checksum_type or None,
    }
    return answer("CompleteMultipartUploadResult", content, headers=headers)


@S3.action("AbortMultipartUpload", "DELETE", Level.OBJECT, "uploadId")
async def abort_multipart_upload(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    refuse_unkept(call.headers)
    await s3.uploads.abort(bucket, key, call.query["uploadId"])
    return Response(204, {})


@S3.action("ListParts", "GET", Level.OBJECT, "uploadId")
async def list_parts(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    upload = await s3.uploads.find(bucket, key, call.query["uploadId"])
    most = number_in(call, "max-parts", 1000, 1000)
    after = number_in(call, "part-number-marker", 0, PARTS_MAX)
    found = await s3.uploads.parts(upload.upload_id, after, most + 1)
    parts, algorithm = found[:most], upload.meta.checksum_algorithm
    content: dict[str, Any] = {
        "Bucket": bucket.name,
        "Key": key,
        "UploadId": upload.upload_id,
        "PartNumberMarker": after,
        "NextPartNumberMarker": parts[-1].number if parts else 0,
        "MaxParts": most,
        "IsTruncated": len(found) > most,
        "Part": [
            {
                "PartNumber": part.number,
                "LastModified": iso(part.modified_ms),
                "ETag": f'"{part.etag}"',
                "Size": part.size,
                f"Checksum{algorithm}": part.checksum,
            }
            for part in parts
        ],
        "Initiator": owner_of(bucket.account),
        "Owner": owner_of(bucket.account),
        "StorageClass": upload.meta.storage_class or "STANDARD",
        "ChecksumAlgorithm": algorithm,
        "ChecksumType": upload.meta.checksum_type,
    }
    return answer("ListPartsResult", content)


class _Lower(dict[str, str]):
    """Headers that are found in any case."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in values.items()})

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


def _number(call: XmlCall) -> int:
    text = call.query["partNumber"]
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= PARTS_MAX):
        raise invalid("partNumber", text, "Part number must be an integer between 1 and 10000, inclusive")
    return int(text)


def _copy_range(call: XmlCall, size: int) -> tuple[int, int]:
    text = call.headers.get("x-amz-copy-source-range")
    if text is None:
        return 0, size
    found = byte_range(text, size) if _RANGE.match(text) else None
    if found is None or int(text.rpartition("-")[2]) >= size:
        raise invalid(
            "x-amz-copy-source-range", text,
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy",
        )  # fmt: skip
    return found


def _named(node: Node) -> Named:
    number, etag = node.value("PartNumber") or "", node.value("ETag")
    if not (number.isascii() and number.isdigit() and len(number) < 6) or etag is None:
        raise S3Error("MalformedXML")
    checksum = next((text for name in ALGORITHMS if (text := node.value(f"Checksum{name}"))), "")
    return Named(int(number), etag.strip('"'), checksum)
