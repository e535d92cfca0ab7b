"""What the actions of S3 need. An action's input is the call itself.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from runtime.api.s3.names import bucket_arn
from runtime.objects.store import ObjectStore
from streamcore.api.aws.permissions import Permission, Permissions, everything
from streamcore.api.aws.rest_xml import XmlCall
from streamcore.identity.guard import UNKNOWN, Held
from streamcore.model.iam.context import Value

_HEADERS: Final = ("x-amz-acl", "x-amz-server-side-encryption", "x-amz-storage-class", "x-amz-copy-source",
                   "x-amz-metadata-directive", "x-amz-content-sha256")  # fmt: skip


def bucket(input_: Any, call: XmlCall) -> Sequence[str]:
    return (bucket_arn(call.bucket),)


def object_(input_: Any, call: XmlCall) -> Sequence[str]:
    return (bucket_arn(call.bucket, call.key),)


def source(input_: Any, call: XmlCall) -> Sequence[str]:
    """What a copy is made of."""
    text = unquote(call.headers.get("x-amz-copy-source", "").partition("?versionId=")[0])
    return (f"arn:aws:s3:::{text.removeprefix('arn:aws:s3:::').lstrip('/')}",)


def keys(input_: Any, call: XmlCall) -> Mapping[str, Value]:
    """Condition keys that are in query and headers."""
    query, headers = call.query, call.headers
    found: dict[str, Value] = {f"s3:{name}": headers[name] for name in _HEADERS if name in headers}
    found |= {f"s3:{name}": query[name] for name in ("prefix", "delimiter", "max-keys") if name in query}
    if "versionId" in query:
        found["s3:VersionId"] = query["versionId"]
    in_url = "X-Amz-Signature" in query
    return found | {"s3:authType": "REST-QUERY-STRING" if in_url else "REST-HEADER", "s3:signatureversion":
                    "AWS4-HMAC-SHA256"}  # fmt: skip


def _of_bucket(action: str) -> Permission:
    return Permission(f"s3:{action}", bucket, keys)


def _of_object(action: str, *also: Permission, versioned: str = "") -> Permission:
    """`versioned`: the action on a version that is named."""
    latest = Permission(
        f"s3:{action}", object_, keys, is_data=True, also=also,
        when=(lambda call: "versionId" not in call.query) if versioned else None,
    )  # fmt: skip
    if not versioned:
        return latest
    named = Permission(f"s3:{versioned}", object_, keys, is_data=True, when=lambda call: "versionId" in call.query)
    return Permission(latest.action, object_, keys, True, (*also, named), latest.when)


def _source_of(call: XmlCall) -> bool:
    return "?versionId=" in call.headers.get("x-amz-copy-source", "")


_READS_SOURCE: Final = (
    Permission("s3:GetObject", source, is_data=True, when=lambda call: not _source_of(call)),
    Permission("s3:GetObjectVersion", source, is_data=True, when=_source_of),
)
_TAGS_TOO: Final = Permission(
    "s3:PutObjectTagging", object_, keys, is_data=True, when=lambda call: "x-amz-tagging" in call.headers
)
_ACL_TOO: Final = Permission(
    "s3:PutObjectAcl", object_, keys, is_data=True,
    when=lambda call: any(name == "x-amz-acl" or name.startswith("x-amz-grant-") for name in map(str.lower,
                                                                                              call.headers)),
)  # fmt: skip
_PUT: Final = _of_object("PutObject", _TAGS_TOO, _ACL_TOO)

_BUCKETS: Final = {
    "CreateBucket": "CreateBucket",
    "DeleteBucket": "DeleteBucket",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketPolicy": "DeleteBucketPolicy",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAcl": "GetBucketAcl",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketLocation": "GetBucketLocation",
    "GetBucketLogging": "GetBucketLogging",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketOwnershipControls": "GetBucketOwnershipControls",
    "GetBucketPolicy": "GetBucketPolicy",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetBucketRequestPayment": "GetBucketRequestPayment",
    "GetBucketTagging": "GetBucketTagging",
    "GetBucketVersioning": "GetBucketVersioning",
    "GetBucketWebsite": "GetBucketWebsite",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketAcl": "PutBucketAcl",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketLogging": "PutBucketLogging",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketOwnershipControls": "PutBucketOwnershipControls",
    "PutBucketPolicy": "PutBucketPolicy",
    "PutBucketTagging": "PutBucketTagging",
    "PutBucketVersioning": "PutBucketVersioning",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
_OBJECTS: Final = {
    "AbortMultipartUpload": _of_object("AbortMultipartUpload"),
    "CompleteMultipartUpload": _of_object("PutObject"),
    "CopyObject": _of_object("PutObject", _TAGS_TOO, _ACL_TOO, *_READS_SOURCE),
    "CreateMultipartUpload": _PUT,
    "DeleteObject": _of_object("DeleteObject", versioned="DeleteObjectVersion"),
    "DeleteObjectTagging": _of_object("DeleteObjectTagging", versioned="DeleteObjectVersionTagging"),
    "GetObject": _of_object("GetObject", versioned="GetObjectVersion"),
    "GetObjectAcl": _of_object("GetObjectAcl", versioned="GetObjectVersionAcl"),
    "GetObjectAttributes": _of_object(
        "GetObject", Permission("s3:GetObjectAttributes", object_, keys, is_data=True), versioned="GetObjectVersion"
    ),
    "GetObjectTagging": _of_object("GetObjectTagging", versioned="GetObjectVersionTagging"),
    "HeadObject": _of_object("GetObject", versioned="GetObjectVersion"),
    "ListParts": _of_object("ListMultipartUploadParts"),
    "PutObject": _PUT,
    "PutObjectAcl": _of_object("PutObjectAcl", versioned="PutObjectVersionAcl"),
    "PutObjectTagging": _of_object("PutObjectTagging", versioned="PutObjectVersionTagging"),
    "UploadPart": _of_object("PutObject"),
    "UploadPartCopy": _of_object("PutObject", *_READS_SOURCE),
}

PERMISSIONS: Final = Permissions(
    "s3",
    {name: _of_bucket(action) for name, action in _BUCKETS.items()}
    | _OBJECTS
    | {"ListBuckets": Permission("s3:ListAllMyBuckets", everything)},
    # These ask for each object themselves, once its key is known.
    free=frozenset({"DeleteObjects", "PostObject"}),
)


def held_of(store: ObjectStore, arn: str) -> Held:
    """The policy and the owner of a bucket."""
    found = store.buckets.get(arn.rpartition(":::")[2].partition("/")[0])
    return UNKNOWN if found is None else Held(found.settings.get("policy"), found.account)
