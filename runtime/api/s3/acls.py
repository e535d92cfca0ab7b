"""ACLs of buckets and objects: canned ones are kept and told; nobody is refused because of them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html  As on AWS since 2023, a bucket whose ownership
is BucketOwnerEnforced (which is the default) takes no ACL but `private` and `bucket-owner-full-control`.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from runtime.api.s3.app import S3, S3App, answer, cause_of, owner_of, version_wanted
from runtime.api.s3.arrival import body_of
from runtime.api.s3.described import canned_acl, meta_in, refuse_unkept, version_header
from runtime.model.s3.errors import S3Error
from runtime.model.s3.values import Bucket, Meta
from streamcore.api.aws.rest_xml import Level, XmlCall
from streamcore.api.http import Response
from streamcore.model.xml import Node, XmlError, parse

_GROUPS: Final = "http://acs.amazonaws.com/groups/"
_EVERYONE: Final = f"{_GROUPS}global/AllUsers"
_SIGNED: Final = f"{_GROUPS}global/AuthenticatedUsers"
#: What a canned ACL grants beside the owner's FULL_CONTROL.
_GRANTS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "public-read": ((_EVERYONE, "READ"),),
    "public-read-write": ((_EVERYONE, "READ"), (_EVERYONE, "WRITE")),
    "authenticated-read": ((_SIGNED, "READ"),),
}
_ALWAYS: Final = ("", "private", "bucket-owner-full-control")


def takes_acls(bucket: Bucket) -> bool:
    text = bucket.settings.get("ownershipControls", "BucketOwnerEnforced")
    return "BucketOwnerEnforced" not in text


def check_acl(bucket: Bucket, acl: str) -> None:
    """Raises S3Error: AccessControlListNotSupported."""
    if acl not in _ALWAYS and not takes_acls(bucket):
        raise S3Error("AccessControlListNotSupported")


def meta_of(call: XmlCall, bucket: Bucket) -> Meta:
    """What a request says of the object that it brings. Raises as `meta_in`, and AccessControlListNotSupported."""
    meta = meta_in(call.headers, bucket.account)
    check_acl(bucket, meta.acl)
    return meta


def _content(account: str, acl: str) -> dict[str, Any]:
    owner = owner_of(account)
    grants: list[dict[str, Any]] = [{"Grantee": {"@type": "CanonicalUser", **owner}, "Permission": "FULL_CONTROL"}]
    for uri, permission in _GRANTS.get(acl, ()):
        grants.append({"Grantee": {"@type": "Group", "URI": uri}, "Permission": permission})
    return {"Owner": owner, "AccessControlList": {"Grant": grants}}


async def _wanted(call: XmlCall, bucket: Bucket) -> str:
    """The canned ACL in a request, by its name or as a policy that says the same."""
    refuse_unkept(call.headers)
    body = await body_of(call)
    acl = canned_acl(call.headers)
    if acl and body.strip():
        raise S3Error("UnexpectedContent")
    if not acl:
        if not body.strip():
            raise S3Error("MissingSecurityHeader", MissingHeaderName="x-amz-acl")
        acl = _canned(body)
    check_acl(bucket, acl)
    return acl


def _canned(body: bytes) -> str:
    try:
        root = parse(body)
    except XmlError:
        raise S3Error("MalformedACLError") from None
    holder = root.first("AccessControlList")
    if root.name != "AccessControlPolicy" or holder is None:
        raise S3Error("MalformedACLError")
    granted = {grant for node in holder.all("Grant") if (grant := _grant(node)) is not None}
    for name, grants in (("private", ()), *_GRANTS.items()):
        if granted == set(grants):
            return name
    raise S3Error("NotImplemented", "Only policies that say what a canned ACL says are implemented.")


def _grant(node: Node) -> tuple[str, str] | None:
    """(group, permission); None for an account's FULL_CONTROL: the owner has it anyhow."""
    grantee, permission = node.first("Grantee"), node.value("Permission")
    if grantee is None or permission is None:
        raise S3Error("MalformedACLError")
    uri = grantee.value("URI")
    if uri is None and permission == "FULL_CONTROL":
        return None
    return uri or "account", permission


@S3.action("GetBucketAcl", "GET", Level.BUCKET, "acl")
async def get_bucket_acl(s3: S3App, call: XmlCall) -> Response:
    bucket = s3.bucket(call)
    return answer("AccessControlPolicy", _content(bucket.account, bucket.settings.get("acl", "")))


@S3.action("PutBucketAcl", "PUT", Level.BUCKET, "acl")
async def put_bucket_acl(s3: S3App, call: XmlCall) -> Response:
    bucket = s3.bucket(call)
    await s3.store.change_bucket(bucket.name, "acl", await _wanted(call, bucket))
    return Response(200, {})


@S3.action("GetObjectAcl", "GET", Level.OBJECT, "acl")
async def get_object_acl(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    version = await s3.store.look(bucket, key, version_wanted(call))
    headers = version_header(bucket, version.version_id)
    return answer("AccessControlPolicy", _content(bucket.account, version.meta.acl), headers=headers)


@S3.action("PutObjectAcl", "PUT", Level.OBJECT, "acl")
async def put_object_acl(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    acl = await _wanted(call, bucket)
    version = await s3.store.change_meta(
        bucket, key, version_wanted(call), lambda meta: msgspec.structs.replace(meta, acl=acl), "ObjectAcl:Put",
        cause_of(call),
    )  # fmt: skip
    return Response(200, version_header(bucket, version.version_id))
