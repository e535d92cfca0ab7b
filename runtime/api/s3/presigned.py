"""Presigned URLs: their lifetime, which is honoured whether or not signatures are verified (access.py).

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import calendar
import time
from collections.abc import Mapping
from typing import Final

from runtime.api.s3.app import iso
from runtime.model.s3.errors import S3Error

#: Seven days.
EXPIRES_MAX_S: Final = 604_800


def check_lifetime(query: Mapping[str, str], now_ms: int) -> None:
    """Raises S3Error: AccessDenied, AuthorizationQueryParametersError."""
    if "X-Amz-Signature" in query:
        _check_v4(query, now_ms)
    elif "AWSAccessKeyId" in query and "Signature" in query:
        ends = query.get("Expires", "")
        if not (ends.isascii() and ends.isdigit() and len(ends) < 12):
            raise S3Error("AccessDenied", f"Invalid date (should be seconds since epoch): {ends[:50]}")
        if int(ends) * 1000 < now_ms:
            raise S3Error("AccessDenied", "Request has expired", Expires=iso(int(ends) * 1000), ServerTime=iso(now_ms))


def _check_v4(query: Mapping[str, str], now_ms: int) -> None:
    text = query.get("X-Amz-Expires", "")
    if not text.lstrip("-").isdigit() or not text.isascii():
        raise S3Error("AuthorizationQueryParametersError")
    if text.startswith("-"):
        raise S3Error("AuthorizationQueryParametersError", "X-Amz-Expires must be non-negative")
    if len(text) > 9 or int(text) > EXPIRES_MAX_S:
        raise S3Error(
            "AuthorizationQueryParametersError",
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            f"{EXPIRES_MAX_S} seconds",
        )
    try:
        begun_s = calendar.timegm(time.strptime(query.get("X-Amz-Date", ""), "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise S3Error(
            "AuthorizationQueryParametersError",
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
        ) from None
    ends_ms = (begun_s + int(text)) * 1000
    if ends_ms < now_ms:
        headers = {"X-Amz-Expires": text, "Expires": iso(ends_ms), "ServerTime": iso(now_ms)}
        error = S3Error("AccessDenied", "Request has expired")
        error.members |= headers
        raise error
