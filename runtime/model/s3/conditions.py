"""Conditional requests and ranges. https://www.rfc-editor.org/rfc/rfc9110#section-13 , as S3 does it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from runtime.model.s3.errors import S3Error, precondition_failed

_RANGE: Final = re.compile(r"(?a)\Abytes=(\d{0,19})-(\d{0,19})\Z")


def http_date_s(text: str) -> int | None:
    """Seconds since the epoch; None for what is no date, which is then ignored."""
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _names(header: str, etag: str) -> bool:
    """Whether an If-Match header names this ETag."""
    listed = [one.strip().removeprefix("W/").strip('"') for one in header.split(",")]
    return header.strip() == "*" or etag in listed


def check_read(headers: Mapping[str, str], etag: str, modified_ms: int, prefix: str = "") -> None:
    """GET, HEAD, and with the prefix `x-amz-copy-source-` the source of a copy. Raises S3Error: PreconditionFailed,
    NotModified (a copy has PreconditionFailed instead)."""
    if_match, if_none_match = headers.get(f"{prefix}if-match"), headers.get(f"{prefix}if-none-match")
    modified_s = modified_ms // 1000
    if if_match is not None:
        if not _names(if_match, etag):
            raise precondition_failed(f"{prefix}If-Match")
    else:
        unmodified_s = http_date_s(headers.get(f"{prefix}if-unmodified-since", ""))
        if unmodified_s is not None and modified_s > unmodified_s:
            raise precondition_failed(f"{prefix}If-Unmodified-Since")
    if if_none_match is not None:
        if _names(if_none_match, etag):
            raise _unchanged(prefix, "If-None-Match")
    else:
        since_s = http_date_s(headers.get(f"{prefix}if-modified-since", ""))
        if since_s is not None and modified_s <= since_s:
            raise _unchanged(prefix, "If-Modified-Since")


def _unchanged(prefix: str, condition: str) -> S3Error:
    return precondition_failed(f"{prefix}{condition}") if prefix else S3Error("NotModified")


class WriteCondition(NamedTuple):
    """`If-Match: <etag>` and `If-None-Match: *` of a write; empty where there is none."""

    if_match: str = ""
    if_none_match: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> WriteCondition:
        """Raises S3Error: NotImplemented for an If-None-Match with an ETag, as S3 does."""
        none_match = headers.get("if-none-match", "").strip()
        if none_match not in ("", "*"):
            raise S3Error("NotImplemented", Header="If-None-Match")
        return cls(headers.get("if-match", "").strip(), none_match)

    def check(self, key: str, etag: str | None) -> None:
        """`etag` is the present object's, None when there is none. Raises S3Error: PreconditionFailed, NoSuchKey."""
        if self.if_none_match and etag is not None:
            raise precondition_failed("If-None-Match")
        if self.if_match:
            if etag is None:
                raise S3Error("NoSuchKey", Key=key)
            if not _names(self.if_match, etag):
                raise precondition_failed("If-Match")


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The range [start, stop) that a Range header asks for; None for all of it (no header, several ranges, nonsense: S3
    ignores those). Raises S3Error: InvalidRange."""
    match = _RANGE.match(header.strip()) if header else None
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match[1], match[2]
    if first == "":
        length = int(last)
        start, stop = max(0, size - length), size
        if length == 0 or size == 0:
            raise _unsatisfiable(header or "", size)
        return start, stop
    start, stop = int(first), min(size, int(last) + 1) if last else size
    if last and int(last) < start:
        return None
    if start >= size:
        raise _unsatisfiable(header or "", size)
    return start, stop


def _unsatisfiable(header: str, size: int) -> S3Error:
    return S3Error(
        "InvalidRange",
        headers={"content-range": f"bytes */{size}"},
        RangeRequested=header[:100],
        ActualObjectSize=str(size),
    )
