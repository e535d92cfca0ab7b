"""The events that S3 tells functions, queues, streams and EventBridge (facts: recorded events, and AWS's user guide,
"Event message structure"; the versions are 2.1, of tagging events 2.3).
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from runtime.model.s3.names import url_encoded
from runtime.model.s3.notification import Rule
from runtime.model.s3.values import NULL, Bucket
from runtime.sources.registry import Invocation, Source

_VERSIONS: Final = {"ObjectTagging": "2.3", "ObjectAcl": "2.3", "LifecycleExpiration": "2.3"}
_DETAIL_TYPES: Final = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "LifecycleExpiration": "Object Deleted",
    "ObjectAcl:Put": "Object ACL Updated",
    "ObjectTagging:Put": "Object Tags Added",
    "ObjectTagging:Delete": "Object Tags Deleted",
}
_REASONS: Final = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
}


class Cause(msgspec.Struct, frozen=True):
    """Who did it: the ids of the request, the account, the address of the client (empty when not known)."""

    request_id: str = ""
    id_2: str = ""
    account: str = ""
    source_ip: str = "127.0.0.1"


class Happened(msgspec.Struct, frozen=True):
    """What happened to which version: `event` is a name of notification.EVENTS. `sequencer` is a number that grows."""

    event: str
    bucket: Bucket
    key: str
    version_id: str
    sequencer: int
    at_ms: int
    size: int = 0
    etag: str = ""
    is_marker: bool = False


def record(what: Happened, cause: Cause, rule: Rule) -> bytes:
    """`{"Records": […]}` with the one event."""
    family = what.event.partition(":")[0]
    object_: dict[str, Any] = {"key": url_encoded(what.key)}
    is_removed = family in ("ObjectRemoved", "LifecycleExpiration")
    if not is_removed and family not in ("ObjectTagging", "ObjectAcl"):
        object_["size"] = what.size
    if not is_removed:
        object_["eTag"] = what.etag
    elif what.is_marker:
        object_["eTag"] = "d41d8cd98f00b204e9800998ecf8427e"
    if what.version_id != NULL:
        object_["versionId"] = what.version_id
    if family not in ("ObjectTagging", "ObjectAcl"):
        object_["sequencer"] = sequencer(what.sequencer)
    principal = {"principalId": cause.account or what.bucket.account}
    body = {
        "eventVersion": _VERSIONS.get(family, "2.1"),
        "eventSource": "aws:s3",
        "awsRegion": what.bucket.region,
        "eventTime": _iso(what.at_ms),
        "eventName": what.event,
        "userIdentity": principal if family != "LifecycleExpiration" else {"principalId": "s3.amazonaws.com"},
        "requestParameters": {
            "sourceIPAddress": cause.source_ip if family != "LifecycleExpiration" else "s3.amazonaws.com"
        },
        "responseElements": {"x-amz-request-id": cause.request_id, "x-amz-id-2": cause.id_2},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": rule.config_id,
            "bucket": {
                "name": what.bucket.name,
                "ownerIdentity": {"principalId": what.bucket.account},
                "arn": what.bucket.arn,
            },
            "object": object_,
        },
    }
    return msgspec.json.encode({"Records": [body]})


def test_event(bucket: Bucket, request_id: str, id_2: str, now_ms: int) -> bytes:
    """What queues, topics and streams are told when they are configured."""
    body = {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": _iso(now_ms),
        "Bucket": bucket.name,
        "RequestId": request_id,
        "HostId": id_2,
    }
    return msgspec.json.encode(body)


test_event.__test__ = False  # type: ignore[attr-defined]  # a name of AWS's, no test


def event_bridge(what: Happened, cause: Cause) -> dict[str, Any]:
    """The same as an event of the default bus. The key is as it is, not URL-encoded."""
    family = what.event.partition(":")[0]
    object_: dict[str, Any] = {"key": what.key}
    if family == "ObjectCreated":
        object_["size"] = what.size
    if what.etag:
        object_["etag"] = what.etag
    if what.version_id != NULL:
        object_["version-id"] = what.version_id
    if family not in ("ObjectTagging", "ObjectAcl"):
        object_["sequencer"] = sequencer(what.sequencer)
    detail: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": what.bucket.name},
        "object": object_,
        "request-id": cause.request_id,
        "requester": cause.account or what.bucket.account,
        "source-ip-address": cause.source_ip,
    }
    if what.event in _REASONS:
        detail["reason"] = _REASONS[what.event]
    elif family in ("ObjectRemoved", "LifecycleExpiration"):
        detail["reason"] = "DeleteObject" if family == "ObjectRemoved" else "Lifecycle Expiration"
        detail["deletion-type"] = "Delete Marker Created" if what.is_marker else "Permanently Deleted"
    return {
        "version": "0",
        "id": str(uuid.UUID(int=(what.at_ms << 80 | what.sequencer) & (2**128 - 1), version=4)),
        "detail-type": _DETAIL_TYPES.get(what.event) or _DETAIL_TYPES[family],
        "source": "aws.s3",
        "account": what.bucket.account,
        "time": _iso(what.at_ms)[:19] + "Z",
        "region": what.bucket.region,
        "resources": [what.bucket.arn],
        "detail": detail,
    }


def sequencer(number: int) -> str:
    """Upper-case hex of one width, so that later events of a key sort behind earlier ones."""
    return f"{number:018X}"


def _iso(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


#: Whose request the examples are of.
EXAMPLE_CAUSE: Final = Cause(
    "EXAMPLE123456789", "EXAMPLE123/5678abcdefghijklambdaisawesome/mnopqrstuvwxyzABCDEFGH", "123456789012"
)


def example_of(event: str) -> Happened:
    """What happened in the examples, for an event of notification.EVENTS."""
    bucket = Bucket(1, "example-bucket", "123456789012", "us-east-1", 0)
    etag = "0123456789abcdef0123456789abcdef"
    return Happened(event, bucket, "test/a@b c.jpg", NULL, 0x0A1B2C3D4E5F6789, 1_700_000_000_123, 1024, etag)


def example(event: str) -> bytes:
    """The event as a function gets it."""
    rule = Rule("CloudFunctionConfiguration", "testConfigRule", "arn:aws:lambda:…", (f"s3:{event}",))
    return record(example_of(event), EXAMPLE_CAUSE, rule)


SOURCE: Final = Source(
    event_source="aws:s3",
    about="An object is created in a bucket; also what else happens to one that is there.",
    invocation=Invocation.ASYNCHRONOUS,
    template="s3-put",
    example=lambda: example("ObjectCreated:Put"),
)
