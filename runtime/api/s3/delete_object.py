"""DeleteObject. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html"""

from __future__ import annotations

from runtime.api.s3.app import S3, S3App, cause_of, version_wanted, write_condition
from runtime.api.s3.described import refuse_unkept
from streamcore.api.aws.rest_xml import Level, XmlCall
from streamcore.api.http import Response


@S3.action("DeleteObject", "DELETE", Level.OBJECT)
async def delete_object(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    refuse_unkept(call.headers)
    condition = write_condition(call) if "if-match" in call.headers else None
    done = await s3.store.delete(bucket, key, version_wanted(call), cause=cause_of(call), condition=condition)
    headers = {"x-amz-version-id": done.version_id} if done.version_id else {}
    if done.is_marker:
        headers["x-amz-delete-marker"] = "true"
    return Response(204, headers)
