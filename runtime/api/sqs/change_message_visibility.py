"""ChangeMessageVisibility: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html"""

from __future__ import annotations

from runtime.api.sqs.shapes import SQS, SqsShape, handle_of, queue_of, required
from runtime.model.queue_message import check_range
from runtime.model.queue_settings import VISIBILITY_MAX_S
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class ChangeMessageVisibilityInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None
    receipt_handle: str | None = None
    visibility_timeout: int | None = None


@SQS.action("ChangeMessageVisibility")
async def change_message_visibility(queues: Queues, call: Call, input_: ChangeMessageVisibilityInput) -> None:
    """From now on; 0 gives the message back at once."""
    queue = queue_of(queues, call, input_.queue_url)
    timeout_s = required("VisibilityTimeout", input_.visibility_timeout)
    check_range("VisibilityTimeout", timeout_s, 0, VISIBILITY_MAX_S)
    queues.change_visibility(queue, handle_of(queue, input_.receipt_handle).number, timeout_s * 1000)
