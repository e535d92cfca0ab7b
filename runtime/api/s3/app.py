"""What the actions of S3 work on, and the registry of these actions."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from typing import Any, Final

from runtime.model.s3.conditions import WriteCondition
from runtime.model.s3.errors import S3Error, invalid
from runtime.model.s3.names import check_key
from runtime.model.s3.values import Bucket
from runtime.objects.app import Objects
from runtime.sources.s3_event import Cause
from streamcore.api.aws.rest_xml import XmlCall, XmlService, xml
from streamcore.api.http import Response

NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"

#: Sub-resources of AWS's that are refused with 501 instead of being taken for something else.
NOT_OFFERED: Final = frozenset(
    {
        "abac", "analytics", "annotation", "intelligent-tiering", "inventory", "legal-hold", "metadataConfiguration",
        "metadataInventoryTable", "metadataJournalTable", "metadataTable", "metrics", "object-lock", "renameObject",
        "replication", "restore", "retention", "select", "session", "torrent", "website", "encryption", "logging",
        "accelerate", "requestPayment", "acl", "cors", "lifecycle", "notification", "ownershipControls", "policy",
        "policyStatus", "publicAccessBlock", "tagging", "versioning", "versions", "uploads", "uploadId", "attributes",
        "location", "delete",
    }
)  # fmt: skip

S3: XmlService[S3App] = XmlService("s3", not_offered=NOT_OFFERED)


class S3App:
    """The objects of a broker, as the actions see them."""

    def __init__(self, objects: Objects) -> None:
        self.store = objects.store
        self.uploads = objects.uploads
        self.notifier = objects.notifier

    def bucket(self, call: XmlCall) -> Bucket:
        """The bucket of a request. Raises S3Error: NoSuchBucket, AccessDenied (another owner was expected)."""
        bucket = self.store.bucket(call.bucket)
        expected = call.headers.get("x-amz-expected-bucket-owner")
        if expected is not None and expected != bucket.account:
            raise S3Error("AccessDenied")
        return bucket

    def place(self, call: XmlCall) -> tuple[Bucket, str]:
        """Bucket and key. Raises as `bucket`, and KeyTooLongError."""
        check_key(call.key)
        return self.bucket(call), call.key


def answer(name: str, content: dict[str, Any] | str, *, headers: dict[str, str] | None = None) -> Response:
    """A document in S3's namespace."""
    return xml(name, content, NAMESPACE, headers=headers)


def cause_of(call: XmlCall) -> Cause:
    return Cause(call.request_id, call.id_2, call.scope.account)


def version_wanted(call: XmlCall) -> str | None:
    """`versionId`. Raises S3Error: InvalidArgument when it is empty."""
    found = call.query.get("versionId")
    if found == "":
        raise invalid("versionId", "", "Version id cannot be the empty string")
    return found


def write_condition(call: XmlCall) -> WriteCondition:
    return WriteCondition.of(call.headers)


@lru_cache(maxsize=1024)
def owner_id(account: str) -> str:
    """64 hex digits that stand for an account, as S3's canonical user ids do."""
    return hashlib.sha256(f"owner {account}".encode()).hexdigest()


def owner_of(account: str) -> dict[str, str]:
    return {"ID": owner_id(account), "DisplayName": account}


def iso(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def http_date(at_ms: int) -> str:
    return formatdate(at_ms // 1000, usegmt=True)


def number_in(call: XmlCall, name: str, default: int, most: int) -> int:
    """A count in the query string; more than `most` is `most`, as S3 does. Raises S3Error: InvalidArgument."""
    text = call.query.get(name)
    if text is None or text == "":
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise invalid(name, text, f"Provided {name} not an integer or within integer range")
    return min(int(text), most)


def base64_of(raw: bytes) -> str:
    return b64encode(raw).decode()
