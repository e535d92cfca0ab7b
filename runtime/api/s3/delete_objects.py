"""DeleteObjects. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""

from __future__ import annotations

import asyncio
from typing import Any, Final, NamedTuple

from runtime.api.s3.app import S3, S3App, answer, cause_of
from runtime.api.s3.arrival import document_of
from runtime.api.s3.described import refuse_unkept
from runtime.api.s3.names import bucket_arn
from runtime.model.s3.conditions import WriteCondition
from runtime.model.s3.errors import S3Error
from runtime.model.s3.names import check_key
from runtime.model.s3.values import Bucket
from streamcore.api.aws.rest_xml import Level, XmlCall
from streamcore.api.http import Response
from streamcore.model.xml import Node

KEYS_MAX: Final = 1000


class _Doomed(NamedTuple):
    key: str
    version_id: str | None
    etag: str


@S3.action("DeleteObjects", "POST", Level.BUCKET, "delete")
async def delete_objects(s3: S3App, call: XmlCall) -> Response:
    bucket = s3.bucket(call)
    refuse_unkept(call.headers)
    root = await document_of(call, "Delete")
    doomed = [_doomed(node) for node in root.all("Object")]
    if not 1 <= len(doomed) <= KEYS_MAX:
        raise S3Error("MalformedXML")
    results = await asyncio.gather(*(_delete(s3, call, bucket, one) for one in doomed))
    is_quiet = root.value("Quiet") == "true"
    content: dict[str, Any] = {
        "Deleted": [result for is_done, result in results if is_done and not is_quiet],
        "Error": [result for is_done, result in results if not is_done],
    }
    return answer("DeleteResult", content)


def _doomed(node: Node) -> _Doomed:
    key = node.raw("Key")
    if not key:
        raise S3Error("MalformedXML")
    if node.first("LastModifiedTime") is not None or node.first("Size") is not None:
        raise S3Error("NotImplemented", "Conditions on LastModifiedTime and Size are not implemented.")
    return _Doomed(key, node.value("VersionId") or None, node.value("ETag") or "")


async def _delete(s3: S3App, call: XmlCall, bucket: Bucket, one: _Doomed) -> tuple[bool, dict[str, Any]]:
    told: dict[str, Any] = {"Key": one.key, "VersionId": one.version_id}
    try:
        check_key(one.key)
        if call.grant is not None:
            action = "s3:DeleteObject" if one.version_id is None else "s3:DeleteObjectVersion"
            call.grant.check(action, bucket_arn(bucket.name, one.key), is_data=True)
        condition = WriteCondition(if_match=one.etag) if one.etag else None
        done = await s3.store.delete(bucket, one.key, one.version_id, cause=cause_of(call), condition=condition)
    except S3Error as error:
        return False, {**told, "Code": error.code, "Message": error.message}
    if done.is_marker:
        told |= {"DeleteMarker": True, "DeleteMarkerVersionId": done.version_id}
    return True, told
