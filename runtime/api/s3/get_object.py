"""GetObject and HeadObject. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from runtime.api.s3.app import S3, S3App, version_wanted
from runtime.api.s3.described import read_headers
from runtime.model.s3.conditions import byte_range, check_read
from runtime.model.s3.errors import S3Error, invalid
from runtime.model.s3.values import PARTS_MAX, Bucket, Version
from runtime.objects.store import Opened
from streamcore.api.aws.rest_xml import Level, XmlCall
from streamcore.api.http import Response, StreamingResponse


class Wanted(NamedTuple):
    """The bytes [start, stop) of an answer with its status and headers."""

    start: int
    stop: int
    status: int
    headers: dict[str, str]


class _Body:
    """The bytes of an answer. A class, because closing a generator that was never started runs none of it: the object
    must be closed all the same."""

    def __init__(self, opened: Opened, start: int, stop: int) -> None:
        self._opened = opened
        self._pieces = opened.read(start, stop)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._pieces)

    async def aclose(self) -> None:
        await self._pieces.aclose()  # type: ignore[attr-defined]  # it is a generator
        self._opened.close()


@S3.action("GetObject", "GET", Level.OBJECT)
async def get_object(s3: S3App, call: XmlCall) -> Response | StreamingResponse:
    bucket, key = s3.place(call)
    opened = await s3.store.open_object(bucket, key, version_wanted(call))
    try:
        wanted = wanted_of(bucket, opened.version, call)
        if opened.is_inline:
            body = opened.whole(wanted.start, wanted.stop)
            opened.close()
            return Response(wanted.status, wanted.headers, body)
        headers = {**wanted.headers, "content-length": str(wanted.stop - wanted.start)}
        return StreamingResponse(wanted.status, headers, _Body(opened, wanted.start, wanted.stop))
    except BaseException:
        opened.close()
        raise


@S3.action("HeadObject", "HEAD", Level.OBJECT)
async def head_object(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    version = await s3.store.look(bucket, key, version_wanted(call))
    wanted = wanted_of(bucket, version, call)
    return Response(wanted.status, {**wanted.headers, "content-length": str(wanted.stop - wanted.start)})


def wanted_of(bucket: Bucket, version: Version, call: XmlCall) -> Wanted:
    """Raises S3Error: PreconditionFailed, NotModified, InvalidRange, InvalidPartNumber, InvalidRequest."""
    _check(version, call)
    with_checksum = call.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED"
    header, part = call.headers.get("range"), call.query.get("partNumber")
    if part is not None:
        return _part(bucket, version, call, part, with_checksum)
    found = byte_range(header, version.size)
    headers = read_headers(bucket, version, call.query, with_checksum=with_checksum and found is None)
    if found is None:
        return Wanted(0, version.size, 200, headers)
    headers["content-range"] = f"bytes {found[0]}-{found[1] - 1}/{version.size}"
    return Wanted(*found, 206, headers)


def _check(version: Version, call: XmlCall) -> None:
    try:
        check_read(call.headers, version.etag, version.modified_ms)
    except S3Error as error:
        if error.status == 304:
            error.headers |= {"etag": f'"{version.etag}"'}
        raise


def _part(bucket: Bucket, version: Version, call: XmlCall, text: str, with_checksum: bool) -> Wanted:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= PARTS_MAX):
        raise invalid("partNumber", text, "Part number must be an integer between 1 and 10000, inclusive")
    if "range" in call.headers:
        raise S3Error("InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
    number, parts = int(text), version.meta.parts
    if number > max(1, len(parts)):
        raise S3Error("InvalidPartNumber", PartNumberRequested=text, ActualPartCount=str(max(1, len(parts))))
    headers = read_headers(bucket, version, call.query, with_checksum=with_checksum and not parts)
    start = sum(part.size for part in parts[: number - 1])
    stop = start + parts[number - 1].size if parts else version.size
    if parts:
        headers["x-amz-mp-parts-count"] = str(len(parts))
    if stop == start:
        return Wanted(start, stop, 200, headers)
    headers["content-range"] = f"bytes {start}-{stop - 1}/{version.size}"
    return Wanted(start, stop, 206, headers)
