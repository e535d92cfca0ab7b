"""Configurations of a bucket that are kept as they come and told again: each is checked, then stored.

Which of them do something here: versioning, lifecycle and CORS (elsewhere in this package). The others are answers to
programs that ask: see docs/s3.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from runtime.api.s3.app import NAMESPACE, S3, S3App, answer
from runtime.api.s3.arrival import body_of, document_of
from runtime.api.s3.described import refuse_unkept
from runtime.model.s3 import cors, lifecycle
from runtime.model.s3.errors import S3Error
from runtime.model.s3.tags import BUCKET_TAGS_MAX, as_content, tags_of
from streamcore.api.aws.rest_xml import CONTENT_TYPE, Level, XmlCall
from streamcore.api.http import Response
from streamcore.model.xml import Node, document

#: Of a bucket policy.
POLICY_MAX_BYTES: Final = 20 * 1024
#: A document → the same as it is kept. Raises S3Error.
Check = Callable[[Node], dict[str, Any]]


def _content(node: Node) -> dict[str, Any]:
    """A document as it came, for writing it again."""
    content: dict[str, Any] = {}
    for child in node.children:
        content.setdefault(child.name, []).append(_content(child) if child.children else child.text)
    return content


def _setting(name: str, kind: str, root: str, check: Check, missing: str | None, *, deletes: str = "") -> None:
    """Registers Get…, Put… and perhaps Delete… of a configuration; `missing` is the error when there is none, None for
    an empty document."""

    async def get(s3: S3App, call: XmlCall) -> Response:
        text = s3.bucket(call).settings.get(kind)
        if text is None and missing is not None:
            raise S3Error(missing, BucketName=call.bucket)
        return answer(root, {}) if text is None else Response(200, {"content-type": CONTENT_TYPE}, text.encode())

    async def put(s3: S3App, call: XmlCall) -> Response:
        bucket = s3.bucket(call)
        refuse_unkept(call.headers)
        content = check(await document_of(call, root))
        await s3.store.change_bucket(bucket.name, kind, document(root, content, NAMESPACE).decode())
        return Response(200, {})

    async def delete(s3: S3App, call: XmlCall) -> Response:
        await s3.store.change_bucket(s3.bucket(call).name, kind, None)
        return Response(204, {})

    S3.action(f"Get{name}", "GET", Level.BUCKET, kind)(get)
    S3.action(f"Put{name}", "PUT", Level.BUCKET, kind)(put)
    if deletes:
        S3.action(deletes, "DELETE", Level.BUCKET, kind)(delete)


def _cors(root: Node) -> dict[str, Any]:
    cors.rules_of(root)
    return _content(root)


def _lifecycle(root: Node) -> dict[str, Any]:
    lifecycle.rules_of(root)
    return _content(root)


def _tags(root: Node) -> dict[str, Any]:
    return as_content(tags_of(root, BUCKET_TAGS_MAX))


def _encryption(root: Node) -> dict[str, Any]:
    rule = root.first("Rule")
    default = None if rule is None else rule.first("ApplyServerSideEncryptionByDefault")
    if default is None or default.value("SSEAlgorithm") not in ("AES256", "aws:kms", "aws:kms:dsse"):
        raise S3Error("MalformedXML")
    return _content(root)


def _ownership(root: Node) -> dict[str, Any]:
    rule = root.first("Rule")
    if rule is None or rule.value("ObjectOwnership") not in (
        "BucketOwnerPreferred",
        "ObjectWriter",
        "BucketOwnerEnforced",
    ):
        raise S3Error("MalformedXML")
    return _content(root)


_BLOCKS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _public_access(root: Node) -> dict[str, Any]:
    values = {name: (root.value(name) or "false").lower() for name in _BLOCKS}
    if any(value not in ("true", "false") for value in values.values()):
        raise S3Error("MalformedXML")
    return values


def _logging(root: Node) -> dict[str, Any]:
    if root.first("LoggingEnabled") is not None:
        raise S3Error("NotImplemented", "Server access logging is not implemented.")
    return {}


_setting("BucketCors", "cors", "CORSConfiguration", _cors, "NoSuchCORSConfiguration", deletes="DeleteBucketCors")
_setting(
    "BucketLifecycleConfiguration", "lifecycle", "LifecycleConfiguration", _lifecycle, "NoSuchLifecycleConfiguration",
    deletes="DeleteBucketLifecycle",
)  # fmt: skip
_setting("BucketTagging", "tagging", "Tagging", _tags, "NoSuchTagSet", deletes="DeleteBucketTagging")
_setting(
    "BucketEncryption", "encryption", "ServerSideEncryptionConfiguration", _encryption,
    "ServerSideEncryptionConfigurationNotFoundError", deletes="DeleteBucketEncryption",
)  # fmt: skip
_setting(
    "BucketOwnershipControls", "ownershipControls", "OwnershipControls", _ownership, "OwnershipControlsNotFoundError",
    deletes="DeleteBucketOwnershipControls",
)  # fmt: skip
_setting(
    "PublicAccessBlock", "publicAccessBlock", "PublicAccessBlockConfiguration", _public_access,
    "NoSuchPublicAccessBlockConfiguration", deletes="DeletePublicAccessBlock",
)  # fmt: skip
_setting("BucketLogging", "logging", "BucketLoggingStatus", _logging, None)


@S3.action("PutBucketVersioning", "PUT", Level.BUCKET, "versioning")
async def put_bucket_versioning(s3: S3App, call: XmlCall) -> Response:
    bucket = s3.bucket(call)
    refuse_unkept(call.headers)
    root = await document_of(call, "VersioningConfiguration")
    status = root.value("Status")
    if root.value("MfaDelete") == "Enabled":
        raise S3Error("NotImplemented", "MFA delete is not implemented.")
    if status not in ("Enabled", "Suspended"):
        raise S3Error("MalformedXML" if status else "IllegalVersioningConfigurationException")
    await s3.store.change_bucket(bucket.name, "versioning", status)
    return Response(200, {})


@S3.action("GetBucketVersioning", "GET", Level.BUCKET, "versioning")
async def get_bucket_versioning(s3: S3App, call: XmlCall) -> Response:
    return answer("VersioningConfiguration", {"Status": s3.bucket(call).versioning or None})


@S3.action("PutBucketPolicy", "PUT", Level.BUCKET, "policy")
async def put_bucket_policy(s3: S3App, call: XmlCall) -> Response:
    bucket = s3.bucket(call)
    body = await body_of(call)
    if len(body) > POLICY_MAX_BYTES:
        raise S3Error("InvalidArgument", "The policy exceeds the maximum allowed document size.")
    try:
        policy = json.loads(body)
    except (ValueError, RecursionError):
        raise S3Error("MalformedPolicy") from None
    if not isinstance(policy, dict) or not policy.get("Statement"):
        raise S3Error("MalformedPolicy", "Missing required field Statement")
    if call.grant is not None:
        _check_policy(body.decode())
    await s3.store.change_bucket(bucket.name, "policy", body.decode())
    return Response(204, {})


def _check_policy(text: str) -> None:
    """Where it is acted on, it must be one that can be. Raises S3Error: MalformedPolicy."""
    from streamcore.model.iam.document import PolicyError, PolicyKind, read_policy

    try:
        read_policy(text, PolicyKind.RESOURCE)
    except PolicyError as error:
        raise S3Error("MalformedPolicy", str(error)) from None


@S3.action("GetBucketPolicy", "GET", Level.BUCKET, "policy")
async def get_bucket_policy(s3: S3App, call: XmlCall) -> Response:
    text = s3.bucket(call).settings.get("policy")
    if text is None:
        raise S3Error("NoSuchBucketPolicy", BucketName=call.bucket)
    return Response(200, {"content-type": "application/json"}, text.encode())


@S3.action("DeleteBucketPolicy", "DELETE", Level.BUCKET, "policy")
async def delete_bucket_policy(s3: S3App, call: XmlCall) -> Response:
    await s3.store.change_bucket(s3.bucket(call).name, "policy", None)
    return Response(204, {})


@S3.action("GetBucketRequestPayment", "GET", Level.BUCKET, "requestPayment")
async def get_bucket_request_payment(s3: S3App, call: XmlCall) -> Response:
    s3.bucket(call)
    return answer("RequestPaymentConfiguration", {"Payer": "BucketOwner"})


@S3.action("GetBucketAccelerateConfiguration", "GET", Level.BUCKET, "accelerate")
async def get_bucket_accelerate_configuration(s3: S3App, call: XmlCall) -> Response:
    s3.bucket(call)
    return answer("AccelerateConfiguration", {})


@S3.action("GetBucketWebsite", "GET", Level.BUCKET, "website")
async def get_bucket_website(s3: S3App, call: XmlCall) -> Response:
    raise S3Error("NoSuchWebsiteConfiguration", BucketName=s3.bucket(call).name)


@S3.action("GetBucketReplication", "GET", Level.BUCKET, "replication")
async def get_bucket_replication(s3: S3App, call: XmlCall) -> Response:
    raise S3Error("ReplicationConfigurationNotFoundError", BucketName=s3.bucket(call).name)


@S3.action("GetObjectLockConfiguration", "GET", Level.BUCKET, "object-lock")
async def get_object_lock_configuration(s3: S3App, call: XmlCall) -> Response:
    raise S3Error("ObjectLockConfigurationNotFoundError", BucketName=s3.bucket(call).name)
