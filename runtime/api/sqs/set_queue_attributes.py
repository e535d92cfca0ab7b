"""SetQueueAttributes: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""

from __future__ import annotations

import msgspec

from runtime.api.sqs.shapes import SQS, SqsShape, queue_of, required
from runtime.errors import QueueError
from runtime.model.queue_settings import checked
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class SetQueueAttributesInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None
    attributes: dict[str, str] | None = None


@SQS.action("SetQueueAttributes")
async def set_queue_attributes(queues: Queues, call: Call, input_: SetQueueAttributesInput) -> None:
    """At once, also for messages that are there; an empty text takes a policy away."""
    given = required("Attributes", input_.attributes)
    async with queues.changing:
        queue = queue_of(queues, call, input_.queue_url)
        record = queue.record
        attributes = checked(given, is_fifo=record.is_fifo, is_new=False)
        if not attributes:
            raise QueueError("InvalidAttributeName", "The request must contain at least one attribute.")
        together = {name: value for name, value in (record.attributes | attributes).items() if value}
        now_ms = call.broker.clock.now_ms()
        await queues.change(queue, msgspec.structs.replace(record, attributes=together, modified_ms=now_ms))
