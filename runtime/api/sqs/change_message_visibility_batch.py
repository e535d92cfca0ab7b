"""ChangeMessageVisibilityBatch: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html"""

from __future__ import annotations

from runtime.api.sqs.receipts import BatchOutput, each_entry
from runtime.api.sqs.shapes import SQS, SqsShape, handle_of, queue_of, required
from runtime.model.queue_message import check_range
from runtime.model.queue_settings import VISIBILITY_MAX_S
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class ChangeMessageVisibilityBatchRequestEntry(SqsShape, frozen=True, kw_only=True):
    id: str | None = None
    receipt_handle: str | None = None
    visibility_timeout: int | None = None


class ChangeMessageVisibilityBatchInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None
    entries: list[ChangeMessageVisibilityBatchRequestEntry] | None = None


class ChangeMessageVisibilityBatchOutput(BatchOutput, frozen=True, kw_only=True):
    """See BatchOutput."""


@SQS.action("ChangeMessageVisibilityBatch")
async def change_message_visibility_batch(
    queues: Queues, call: Call, input_: ChangeMessageVisibilityBatchInput
) -> ChangeMessageVisibilityBatchOutput:
    """Each for itself."""
    queue = queue_of(queues, call, input_.queue_url)

    def change(entry: ChangeMessageVisibilityBatchRequestEntry) -> None:
        timeout_s = required("VisibilityTimeout", entry.visibility_timeout)
        check_range("VisibilityTimeout", timeout_s, 0, VISIBILITY_MAX_S)
        queues.change_visibility(queue, handle_of(queue, entry.receipt_handle).number, timeout_s * 1000)

    return each_entry(ChangeMessageVisibilityBatchOutput, input_.entries, change)
