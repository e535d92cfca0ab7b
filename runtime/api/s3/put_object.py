"""PutObject. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html"""

from __future__ import annotations

from runtime.api.s3.acls import meta_of
from runtime.api.s3.app import S3, S3App, base64_of, cause_of, write_condition
from runtime.api.s3.arrival import arrival_of
from runtime.api.s3.described import with_sums, write_headers
from streamcore.api.aws.rest_xml import Level, XmlCall
from streamcore.api.http import Response

#: What S3 sums up when the client asks for nothing.
DEFAULT_ALGORITHM = "CRC64NVME"


@S3.action("PutObject", "PUT", Level.OBJECT)
async def put_object(s3: S3App, call: XmlCall) -> Response:
    bucket, key = s3.place(call)
    meta, condition = meta_of(call, bucket), write_condition(call)
    arrival = arrival_of(call)
    algorithm = arrival.said.algorithm or DEFAULT_ALGORITHM
    content = await arrival.content(s3.store, algorithm)
    meta = with_sums(meta, algorithm, base64_of(content.sums[algorithm]))
    version = await s3.store.put(bucket, key, content, meta, cause=cause_of(call), condition=condition)
    return Response(200, write_headers(bucket, version))
