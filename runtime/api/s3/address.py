"""Whether a request is S3's, and which bucket and key it is about.

Path style is `/bucket/key`; virtual-host style has the bucket in front of the host: `bucket.s3.<anything>`, or a single
label in front of `localhost`. https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from runtime.model.s3.names import decode_path, is_bucket_name

_AT_S3: Final = re.compile(r"\A(?P<bucket>[a-z0-9][a-z0-9.-]*?)\.s3[.-]")
_AT_LOCALHOST: Final = re.compile(r"\A(?P<bucket>[a-z0-9][a-z0-9-]{1,61}[a-z0-9])\.localhost\Z")
_SIGNED: Final = re.compile(r"Credential=[^/,\s]+/[^/,\s]*/[^/,\s]*/(?P<service>[a-z0-9-]+)/")
_SIGNED_QUERY: Final = re.compile(
    r"(?:\A|&)X-Amz-Credential=[^&]*?(?:/|%2F)[^&]*?(?:/|%2F)[^&]*?(?:/|%2F)(?P<service>[a-z0-9-]+)(?:/|%2F)", re.I
)
_SIGNED_OLD: Final = re.compile(r"(?:\A|&)AWSAccessKeyId=")
_POST_QUERIES: Final = re.compile(r"(?:\A|&)(?:delete|uploads|uploadId)(?:[=&]|\Z)")

#: Whether a bucket of this name is there.
HasBucket = Callable[[str], bool]


class Address(NamedTuple):
    """Empty where there is none."""

    bucket: str
    key: str


def host_of(headers: Mapping[str, str]) -> str:
    """The host without its port, in lower case."""
    return headers.get("host", "").lower().partition(":")[0]


def address_of(path: str, headers: Mapping[str, str]) -> Address:
    """Raises S3Error: InvalidArgument for a path that is no UTF-8."""
    bucket = virtual_bucket(host_of(headers))
    if bucket:
        return Address(bucket, decode_path(path[1:]))
    name, _, key = path[1:].partition("/")
    return Address(decode_path(name), decode_path(key))


def virtual_bucket(host: str) -> str:
    """The bucket in a host name; empty when there is none."""
    if not host.startswith(("s3.", "s3-")):
        match = _AT_S3.match(host) or _AT_LOCALHOST.match(host)
        if match is not None:
            return match["bucket"]
    return ""


def signed_for(headers: Mapping[str, str], query: str) -> str:
    """The service in a signature, `s3` also for the signatures that only S3 had (version 2); empty for none."""
    header = headers.get("authorization", "")
    if header:
        match = _SIGNED.search(header)
        return match["service"] if match else "s3" if header.startswith("AWS ") else "?"
    match = _SIGNED_QUERY.search(query) if "X-Amz-Credential" in query else None
    if match is not None:
        return match["service"]
    return "s3" if _SIGNED_OLD.search(query) else ""


def is_marked(headers: Mapping[str, str], query: str) -> bool:
    """Whether a request can only be S3's: by its signature, or by a host name `bucket.s3.…`."""
    service = signed_for(headers, query)
    return service == "s3" or (not service and _AT_S3.match(host_of(headers)) is not None)


def may_be_anonymous(method: str, path: str, headers: Mapping[str, str], query: str, has_bucket: HasBucket) -> bool:
    """Whether an unsigned request that nobody else claims is S3's: it names a bucket, and a POST is one of S3's."""
    if method == "POST" and not _is_post(headers, query):
        return False
    virtual = virtual_bucket(host_of(headers))
    if virtual:
        return has_bucket(virtual)
    name = path[1:].partition("/")[0]
    return has_bucket(name) if method == "OPTIONS" else is_bucket_name(name)


def _is_post(headers: Mapping[str, str], query: str) -> bool:
    return headers.get("content-type", "").startswith("multipart/form-data") or bool(_POST_QUERIES.search(query))
