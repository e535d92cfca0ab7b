"""Tags of objects. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html"""

from __future__ import annotations

import msgspec

from runtime.api.s3.app import S3, S3App, answer, cause_of, version_wanted
from runtime.api.s3.arrival import document_of
from runtime.api.s3.described import version_header
from runtime.model.s3.tags import OBJECT_TAGS_MAX, as_content, tags_of
from streamcore.api.aws.rest_xml import Level, XmlCall
from streamcore.api.http import Response


@S3.action("PutObjectTagging", "PUT", Level.OBJECT, "tagging")
async def put_object_tagging(s3: S3App, call: XmlCall) -> Response:
    tags = tags_of(await document_of(call, "Tagging"), OBJECT_TAGS_MAX)
    return await _change(s3, call, tags, "ObjectTagging:Put", 200)


@S3.action("DeleteObjectTagging", "DELETE", Level.OBJECT, "tagging")
async def delete_object_tagging(s3: S3App, call: XmlCall) -> Response:
    return await _change(s3, call, {}, "ObjectTagging:Delete", 204)


@S3.action("GetObjectTagging", "GET", Level.OBJECT, "tagging")
async def get_object_tagging(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    version = await s3.store.look(bucket, key, version_wanted(call))
    return answer("Tagging", as_content(version.meta.tags), headers=version_header(bucket, version.version_id))


async def _change(s3: S3App, call: XmlCall, tags: dict[str, str], event: str, status: int) -> Response:
    bucket, key = s3.place(call)
    version = await s3.store.change_meta(
        bucket, key, version_wanted(call), lambda meta: msgspec.structs.replace(meta, tags=tags), event, cause_of(call)
    )
    return Response(status, version_header(bucket, version.version_id))
