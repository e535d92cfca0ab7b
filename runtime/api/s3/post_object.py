"""POST of a form with a file, as browsers send it. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html

It is no operation of the SDKs' models; `generate_presigned_post` makes such forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import msgspec

from runtime.api.s3.access import form_grant
from runtime.api.s3.acls import check_acl
from runtime.api.s3.app import NAMESPACE, S3, S3App, base64_of, cause_of
from runtime.api.s3.arrival import Arrival, Said
from runtime.api.s3.described import meta_in, telegraphed, with_sums, write_headers
from runtime.api.s3.form import Form, boundary_of
from runtime.api.s3.names import bucket_arn
from runtime.api.s3.put_object import DEFAULT_ALGORITHM
from runtime.model.s3.checksums import given_in
from runtime.model.s3.errors import S3Error, invalid
from runtime.model.s3.names import check_key
from runtime.model.s3.post_policy import check_policy
from runtime.model.s3.tags import OBJECT_TAGS_MAX, tags_of
from runtime.model.s3.values import UPLOAD_MAX_BYTES, Bucket, Version
from streamcore.api.aws.rest_xml import Level, XmlCall, xml
from streamcore.api.http import Response
from streamcore.model.xml import XmlError, parse

_STATUSES: Final = {"200": 200, "201": 201, "204": 204}


@S3.action("PostObject", "POST", Level.BUCKET)
async def post_object(s3: S3App, call: XmlCall) -> Response:
    content_type = call.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/form-data"):
        raise S3Error("MethodNotAllowed", Method="POST", ResourceType="BUCKET")
    bucket = s3.bucket(call)
    arrival = Arrival(call.request, Said())
    form = Form(arrival.pieces(), boundary_of(content_type))
    await form.read_fields()
    fields = form.fields
    key = fields.get("key", "").replace("${filename}", form.file_name)
    check_key(key)
    if call.grant is not None:
        form_grant(call, fields).check("s3:PutObject", bucket_arn(bucket.name, key), is_data=True)
    most, least = UPLOAD_MAX_BYTES, 0
    if "policy" in fields:
        size = check_policy(fields["policy"], {**fields, "key": key}, bucket.name, s3.store.clock.now_ms())
        if size is not None:
            least, most = size.least, min(most, size.most)
    meta = meta_in(_as_headers(fields, form), bucket.account)
    check_acl(bucket, meta.acl)
    if "tagging" in fields:
        meta = msgspec.structs.replace(meta, tags=_tags(fields["tagging"]))
    given = given_in(fields)
    algorithm = given[0] if given else DEFAULT_ALGORITHM
    content = await s3.store.receive(form.file(), {algorithm}, most)
    checksum = base64_of(content.sums[algorithm])
    if content.size < least or (given and given[1] != checksum):
        await s3.store.discard(content)
        raise (
            S3Error("EntityTooSmall", MinSizeAllowed=str(least), ProposedSize=str(content.size))
            if content.size < least
            else S3Error("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")
        )
    meta = with_sums(meta, algorithm, checksum)
    version = await s3.store.put(bucket, key, content, meta, event="ObjectCreated:Post", cause=cause_of(call))
    return _answer(call, bucket, version, fields)


def _as_headers(fields: Mapping[str, str], form: Form) -> dict[str, str]:
    """The fields that would be headers of a PutObject."""
    headers = {name: value for name, value in fields.items() if name not in ("key", "policy", "acl", "tagging", "file")}
    if "acl" in fields:
        headers["x-amz-acl"] = fields["acl"]
    if form.file_type and "content-type" not in headers:
        headers["content-type"] = form.file_type
    return headers


def _tags(text: str) -> dict[str, str]:
    try:
        return tags_of(parse(text.encode()), OBJECT_TAGS_MAX)
    except XmlError:
        raise S3Error("MalformedXML") from None


def _answer(call: XmlCall, bucket: Bucket, version: Version, fields: Mapping[str, str]) -> Response:
    location = f"{call.origin}/{bucket.name}/{quote(version.key)}"
    headers = {**write_headers(bucket, version), "location": location}
    redirect = fields.get("success_action_redirect") or fields.get("redirect")
    if redirect:
        return Response(303, {**headers, "location": _redirected(redirect, bucket, version)})
    status = _STATUSES.get(fields.get("success_action_status", ""), 204)
    if status != 201:
        return Response(status, headers)
    content = {"Location": location, "Bucket": bucket.name, "Key": version.key, "ETag": f'"{version.etag}"'}
    return xml("PostResponse", content, NAMESPACE, status=201, headers=headers)


def _redirected(url: str, bucket: Bucket, version: Version) -> str:
    """Raises S3Error: InvalidArgument."""
    try:
        parts = urlsplit(telegraphed(url))
    except ValueError:
        raise invalid("success_action_redirect", url, "The redirect is no URL") from None
    if parts.scheme not in ("http", "https"):
        raise invalid("success_action_redirect", url, "The redirect is no URL")
    query = [*parse_qsl(parts.query), ("bucket", bucket.name), ("key", version.key), ("etag", f'"{version.etag}"')]
    return urlunsplit(parts._replace(query=urlencode(query)))
