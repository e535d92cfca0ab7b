"""PurgeQueue: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html"""

from __future__ import annotations

from runtime.api.sqs.shapes import SQS, SqsShape, queue_of
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class PurgeQueueInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None


@SQS.action("PurgeQueue")
async def purge_queue(queues: Queues, call: Call, input_: PurgeQueueInput) -> None:
    """All that was sent before is gone when this answers."""
    await queues.purge(queue_of(queues, call, input_.queue_url))
