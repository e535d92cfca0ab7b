"""DeleteQueue: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html"""

from __future__ import annotations

from runtime.api.sqs.shapes import SQS, SqsShape, queue_of
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class DeleteQueueInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None


@SQS.action("DeleteQueue")
async def delete_queue(queues: Queues, call: Call, input_: DeleteQueueInput) -> None:
    """With all its messages; its name is free at once."""
    await queues.delete(queue_of(queues, call, input_.queue_url))
