"""PutBucketNotificationConfiguration and its Get.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
"""

from __future__ import annotations

import base64
import uuid

from runtime.api.s3.app import NAMESPACE, S3, S3App, answer
from runtime.api.s3.arrival import document_of
from runtime.model.s3.errors import S3Error
from runtime.model.s3.notification import as_content, notifications_of
from runtime.objects.index import Note
from runtime.objects.notifier import KIND, configured, gets_test_event
from runtime.sources.s3_event import test_event
from streamcore.api.aws.rest_xml import Level, XmlCall
from streamcore.api.http import Response
from streamcore.model.xml import document


def _new_id() -> str:
    return base64.b64encode(uuid.uuid4().hex.encode()).decode()


@S3.action("PutBucketNotificationConfiguration", "PUT", Level.BUCKET, "notification")
async def put_bucket_notification_configuration(s3: S3App, call: XmlCall) -> Response:
    bucket = s3.bucket(call)
    found = notifications_of(await document_of(call, "NotificationConfiguration"), _new_id)
    if found.to_event_bridge and not s3.notifier.has_event_bridge:
        raise S3Error("NotImplemented", "EventBridge is not offered here.")
    if call.headers.get("x-amz-skip-destination-validation", "false") != "true":
        s3.notifier.check(rule.arn for rule in found.rules)
    text = document("NotificationConfiguration", as_content(found), NAMESPACE).decode()
    await s3.store.change_bucket(bucket.name, KIND, text if found.rules or found.to_event_bridge else None)
    body = test_event(bucket, call.request_id, call.id_2, s3.store.clock.now_ms())
    await s3.store.tell([Note(rule.arn, call.request_id, body) for rule in found.rules if gets_test_event(rule)])
    return Response(200, {})


@S3.action("GetBucketNotificationConfiguration", "GET", Level.BUCKET, "notification")
async def get_bucket_notification_configuration(s3: S3App, call: XmlCall) -> Response:
    found = configured(s3.bucket(call))
    return answer("NotificationConfiguration", {} if found is None else as_content(found))
