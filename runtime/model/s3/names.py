"""Names of buckets and keys. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from runtime.model.s3.errors import S3Error, invalid

KEY_MAX_BYTES: Final = 1024
_BUCKET: Final = re.compile(r"(?a)\A[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]\Z")
_ADDRESS: Final = re.compile(r"(?a)\A\d{1,3}(?:\.\d{1,3}){3}\Z")
_RESERVED_START: Final = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_END: Final = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def is_bucket_name(name: str) -> bool:
    """Whether a bucket could have this name."""
    return (
        _BUCKET.match(name) is not None
        and ".." not in name
        and _ADDRESS.match(name) is None
        and not name.startswith(_RESERVED_START[:2])
        and not name.endswith(_RESERVED_END)
    )


def check_bucket_name(name: str) -> None:
    """Raises S3Error: InvalidBucketName."""
    if not is_bucket_name(name):
        raise S3Error("InvalidBucketName", BucketName=name[:256])


def check_key(key: str) -> None:
    """Raises S3Error: KeyTooLongError, InvalidArgument."""
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise invalid("key", "", "The key is not UTF-8.") from None
    if size > KEY_MAX_BYTES:
        raise S3Error("KeyTooLongError", Size=str(size), MaxSizeAllowed=str(KEY_MAX_BYTES))
    if size == 0:
        raise invalid("key", "", "A key must not be empty.")


def decode_path(text: str) -> str:
    """A percent-encoded part of a path. Raises S3Error: InvalidArgument when it is no UTF-8."""
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise invalid("key", "", "The key is not UTF-8.") from None


def url_encoded(text: str) -> str:
    """As `encoding-type=url` gives keys in listings: `/` stays, a space is `+`."""
    return quote(text, safe="/*-._").replace("%20", "+")


def after(prefix: bytes) -> bytes | None:
    """The first key beyond all that begin with `prefix`; None when there is no end."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1]) if stripped else None
