"""GetQueueUrl: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html"""

from __future__ import annotations

import msgspec

from runtime.api.sqs.shapes import SQS, SqsShape, required, url_of
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class GetQueueUrlInput(SqsShape, frozen=True, kw_only=True):
    queue_name: str | None = None
    queue_owner: str | None = msgspec.field(name="QueueOwnerAWSAccountId", default=None)


class GetQueueUrlOutput(SqsShape, frozen=True, kw_only=True):
    queue_url: str


@SQS.action("GetQueueUrl")
async def get_queue_url(queues: Queues, call: Call, input_: GetQueueUrlInput) -> GetQueueUrlOutput:
    """Of a queue of the caller's, or of another account's."""
    name = required("QueueName", input_.queue_name)
    queue = queues.find(input_.queue_owner or call.scope.account, call.scope.region, name)
    return GetQueueUrlOutput(queue_url=url_of(call, queue))
