"""DeleteMessageBatch: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html"""

from __future__ import annotations

from runtime.api.sqs.receipts import BatchOutput, check_deletable, each_entry
from runtime.api.sqs.shapes import SQS, SqsShape, handle_of, queue_of
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class DeleteMessageBatchRequestEntry(SqsShape, frozen=True, kw_only=True):
    id: str | None = None
    receipt_handle: str | None = None


class DeleteMessageBatchInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None
    entries: list[DeleteMessageBatchRequestEntry] | None = None


class DeleteMessageBatchOutput(BatchOutput, frozen=True, kw_only=True):
    """See BatchOutput."""


@SQS.action("DeleteMessageBatch")
async def delete_message_batch(queues: Queues, call: Call, input_: DeleteMessageBatchInput) -> DeleteMessageBatchOutput:
    """In one commit."""
    queue = queue_of(queues, call, input_.queue_url)
    numbers: list[int] = []

    def mark(entry: DeleteMessageBatchRequestEntry) -> None:
        handle = handle_of(queue, entry.receipt_handle)
        check_deletable(queue, handle)
        numbers.append(handle.number)

    output = each_entry(DeleteMessageBatchOutput, input_.entries, mark)
    await queues.delete_messages(queue, numbers)
    return output
