"""The actions on buckets themselves. https://docs.aws.amazon.com/AmazonS3/latest/userguide/creating-buckets-s3.html"""

from __future__ import annotations

from typing import Any, Final

from runtime.api.s3.app import NAMESPACE, S3, S3App, answer, iso, number_in, owner_of
from runtime.api.s3.arrival import body_of
from runtime.api.s3.described import canned_acl, refuse_unkept
from runtime.model.s3.errors import S3Error, invalid
from runtime.model.s3.tags import BUCKET_TAGS_MAX, as_content, checked
from streamcore.api.aws.rest_xml import Level, XmlCall
from streamcore.api.http import Response
from streamcore.model.xml import Node, XmlError, document, parse

HOME: Final = "us-east-1"
OWNERSHIPS: Final = ("BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced")


@S3.action("CreateBucket", "PUT", Level.BUCKET)
async def create_bucket(s3: S3App, call: XmlCall) -> Response:
    refuse_unkept(call.headers)
    body = await body_of(call)
    region, settings = _wanted(body, call)
    acl, ownership = canned_acl(call.headers), call.headers.get("x-amz-object-ownership", "")
    if ownership and ownership not in OWNERSHIPS:
        raise invalid("x-amz-object-ownership", ownership, "Invalid x-amz-object-ownership header")
    if acl and acl != "private" and ownership in ("", "BucketOwnerEnforced"):
        raise S3Error(
            "InvalidRequest", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        )
    if acl:
        settings["acl"] = acl
    if ownership:
        rule = {"Rule": {"ObjectOwnership": ownership}}
        settings["ownershipControls"] = document("OwnershipControls", rule, NAMESPACE).decode()
    try:
        await s3.store.create_bucket(call.bucket, call.scope.account, region, settings)
    except S3Error as error:
        # In its first region S3 has always taken this for a success.
        if not (error.code == "BucketAlreadyOwnedByYou" and s3.store.bucket(call.bucket).region == region == HOME):
            raise
    return Response(200, {"location": f"/{call.bucket}", "x-amz-bucket-arn": f"arn:aws:s3:::{call.bucket}"})


def _wanted(body: bytes, call: XmlCall) -> tuple[str, dict[str, str]]:
    """The region and first settings in a CreateBucketConfiguration."""
    if not body.strip():
        root = Node("CreateBucketConfiguration")
    else:
        try:
            root = parse(body)
        except XmlError:
            raise S3Error("MalformedXML") from None
    if root.name != "CreateBucketConfiguration":
        raise S3Error("MalformedXML")
    for name in ("Location", "Bucket"):
        if root.first(name) is not None:
            raise S3Error("NotImplemented", "Directory buckets are not implemented.")
    settings: dict[str, str] = {}
    tags = root.first("Tags")
    if tags is not None:
        pairs = [(node.raw("Key") or "", node.raw("Value") or "") for node in tags.all("Tag")]
        settings["tagging"] = document("Tagging", as_content(checked(pairs, BUCKET_TAGS_MAX)), NAMESPACE).decode()
    region = root.value("LocationConstraint")
    if region is None:
        return call.scope.region, settings
    if region == HOME or len(region) > 32 or not region.replace("-", "").isalnum():
        raise S3Error("InvalidLocationConstraint", LocationConstraint=region[:64])
    return "eu-west-1" if region == "EU" else region, settings


@S3.action("DeleteBucket", "DELETE", Level.BUCKET)
async def delete_bucket(s3: S3App, call: XmlCall) -> Response:
    s3.bucket(call)
    await s3.store.delete_bucket(call.bucket)
    return Response(204, {})


@S3.action("HeadBucket", "HEAD", Level.BUCKET)
async def head_bucket(s3: S3App, call: XmlCall) -> Response:
    bucket = s3.bucket(call)
    headers = {
        "x-amz-bucket-region": bucket.region,
        "x-amz-access-point-alias": "false",
        "content-type": "application/xml",
    }
    return Response(200, {**headers, "x-amz-bucket-arn": bucket.arn})


@S3.action("GetBucketLocation", "GET", Level.BUCKET, "location")
async def get_bucket_location(s3: S3App, call: XmlCall) -> Response:
    region = s3.bucket(call).region
    return answer("LocationConstraint", "" if region == HOME else region)


@S3.action("ListBuckets", "GET", Level.SERVICE)
async def list_buckets(s3: S3App, call: XmlCall) -> Response:
    most = number_in(call, "max-buckets", 10_000, 10_000)
    if most < 1:
        raise invalid("max-buckets", "0", "Argument max-buckets must be an integer between 1 and 10000")
    prefix, region = call.query.get("prefix", ""), call.query.get("bucket-region", "")
    after = call.query.get("continuation-token", "")
    mine = sorted(
        bucket.name
        for bucket in s3.store.buckets.values()
        if bucket.account == call.scope.account
        and bucket.name.startswith(prefix)
        and bucket.name > after
        and region in ("", bucket.region)
    )
    content: dict[str, Any] = {
        "Owner": owner_of(call.scope.account),
        "Buckets": {"Bucket": [_entry(s3, name) for name in mine[:most]]},
        "ContinuationToken": mine[most - 1] if len(mine) > most else None,
        "Prefix": prefix or None,
    }
    return answer("ListAllMyBucketsResult", content)


def _entry(s3: S3App, name: str) -> dict[str, Any]:
    bucket = s3.store.bucket(name)
    return {
        "Name": name,
        "CreationDate": iso(bucket.created_ms),
        "BucketRegion": bucket.region,
        "BucketArn": bucket.arn,
    }
