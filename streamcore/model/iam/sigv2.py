"""Signature Version 2 in URLs of S3: HMAC-SHA1 over method, expiry, `x-amz-…` and the resource.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html  AWS takes it in its oldest regions only, but
boto3 presigns with it unless it is told otherwise (`signature_version="s3v4"`). It does not cover other query
parameters than those below, as on AWS.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

_SUB_RESOURCES: Final = frozenset(
    {
        "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle", "location",
        "logging", "metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
        "response-cache-control", "response-content-disposition", "response-content-encoding",
        "response-content-language", "response-content-type", "response-expires", "restore", "select", "select-type",
        "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
    }
)  # fmt: skip


def string_to_sign(
    method: str, resource: str, query: Mapping[str, str], headers: Mapping[str, str], expires: str
) -> str:
    """`resource` is the path with the bucket in front, percent-encoded as it came; `query` is decoded."""
    lines = [method, _either("content-md5", query, headers), _either("content-type", query, headers), expires]
    known = {name.lower(): value for name, value in (*headers.items(), *query.items())}
    lines += [f"{name}:{' '.join(value.split())}" for name, value in sorted(known.items()) if name.startswith("x-amz-")]
    named = sorted(name for name in query if name in _SUB_RESOURCES)
    parts = [f"{name}={query[name]}" if query[name] else name for name in named]
    return "\n".join([*lines, resource + (f"?{'&'.join(parts)}" if parts else "")])


def _either(name: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    return query.get(name, "") or headers.get(name, "")


def sign(secret: str, text: str) -> str:
    return b64encode(hmac.digest(secret.encode(), text.encode("utf-8", "surrogateescape"), "sha1")).decode()
