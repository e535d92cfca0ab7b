"""GetQueueAttributes: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html"""

from __future__ import annotations

from runtime.api.sqs.shapes import SQS, SqsShape, queue_of
from runtime.errors import QueueError
from runtime.model.queue_settings import COMPUTED, SETTABLE
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class GetQueueAttributesInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None
    attribute_names: list[str] | None = None


class GetQueueAttributesOutput(SqsShape, frozen=True, kw_only=True):
    attributes: dict[str, str] | None = None


@SQS.action("GetQueueAttributes")
async def get_queue_attributes(queues: Queues, call: Call, input_: GetQueueAttributesInput) -> GetQueueAttributesOutput:
    """Those that are asked for; the counts are exact here."""
    queue = queue_of(queues, call, input_.queue_url)
    names = input_.attribute_names or []
    for name in names:
        if name != "All" and name not in COMPUTED and name not in SETTABLE:
            raise QueueError("InvalidAttributeName", f"Unknown Attribute {name[:100]}.")
    visible, flying, delayed = queues.counts(queue)
    told = queue.record.told() | {
        "ApproximateNumberOfMessages": str(visible),
        "ApproximateNumberOfMessagesNotVisible": str(flying),
        "ApproximateNumberOfMessagesDelayed": str(delayed),
    }
    wanted = told if "All" in names else {name: told[name] for name in names if name in told}
    return GetQueueAttributesOutput(attributes=wanted or None)
