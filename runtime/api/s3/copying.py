"""Where copies come from: `x-amz-copy-source: bucket/key?versionId=…`, perhaps an ARN, and its conditions."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final

from runtime.api.s3.app import S3App, base64_of
from runtime.model.s3.conditions import check_read
from runtime.model.s3.errors import S3Error, invalid
from runtime.model.s3.names import check_key, decode_path
from runtime.model.s3.values import UPLOAD_MAX_BYTES
from runtime.objects.blobs import Content
from runtime.objects.store import Opened
from streamcore.api.aws.rest_xml import XmlCall
from streamcore.errors import StorageFailed

PREFIX: Final = "x-amz-copy-source-"
_ARN: Final = re.compile(r"\Aarn:aws:s3:::")
_VERSION: Final = re.compile(r"\?versionId=([^&]*)\Z")


async def source_of(s3: S3App, call: XmlCall) -> Opened:
    """The object to copy, open. Raises S3Error."""
    text = call.headers.get("x-amz-copy-source", "")
    match = _VERSION.search(text)
    version_id = decode_path(match[1]) if match else None
    path = decode_path(_ARN.sub("", text[: match.start()] if match else text)).lstrip("/")
    name, _, key = path.partition("/")
    if not name or not key:
        raise invalid("x-amz-copy-source", text, "You must specify the copy source in the form of bucket/key.")
    check_key(key)
    bucket = s3.store.bucket(name)
    expected = call.headers.get("x-amz-source-expected-bucket-owner")
    if expected is not None and expected != bucket.account:
        raise S3Error("AccessDenied")
    try:
        opened = await s3.store.open_object(bucket, key, version_id)
    except S3Error as error:
        if error.code == "MethodNotAllowed":
            raise S3Error(
                "InvalidRequest",
                "The source of a copy request may not specifically refer to a delete marker by version id.",
            ) from None
        raise
    try:
        check_read(call.headers, opened.version.etag, opened.version.modified_ms, PREFIX)
    except S3Error:
        opened.close()
        raise
    return opened


async def copied(s3: S3App, opened: Opened, start: int, stop: int, algorithms: set[str]) -> Content:
    """The bytes [start, stop) of an object as a content of its own. A whole file becomes another name of the same
    file, when all that has to be known of it is known. Raises S3Error, StorageFull."""
    if stop - start > UPLOAD_MAX_BYTES:
        raise S3Error(
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size for a copy source: "
            f"{UPLOAD_MAX_BYTES}",
        )
    version, store = opened.version, s3.store
    is_whole = stop - start == version.size and len(version.segments) == 1 and not opened.is_inline
    is_known = "-" not in version.etag and algorithms <= {version.meta.checksum_algorithm}
    if is_whole and is_known:
        segment = version.segments[0]
        try:
            name = await store.blobs.run(store.blobs.link, segment.name)
        except StorageFailed:  # no hard links here, or the file has as many as it can have
            pass
        else:
            return Content(type(segment)(name, segment.size), version.etag, {})

    async def pieces() -> AsyncIterator[bytes]:
        async for piece in opened.read(start, stop):
            yield piece

    return await store.receive(pieces(), algorithms)


def checksum_of(opened: Opened, content: Content, algorithm: str) -> str:
    """Base64 of what is known of a copy."""
    return base64_of(content.sums[algorithm]) if content.sums else opened.version.meta.checksum
