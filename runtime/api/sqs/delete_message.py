"""DeleteMessage: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html"""

from __future__ import annotations

from runtime.api.sqs.receipts import check_deletable
from runtime.api.sqs.shapes import SQS, SqsShape, handle_of, queue_of
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class DeleteMessageInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None
    receipt_handle: str | None = None


@SQS.action("DeleteMessage")
async def delete_message(queues: Queues, call: Call, input_: DeleteMessageInput) -> None:
    """One that is gone already is as good as deleted."""
    queue = queue_of(queues, call, input_.queue_url)
    handle = handle_of(queue, input_.receipt_handle)
    check_deletable(queue, handle)
    await queues.delete_messages(queue, [handle.number])
