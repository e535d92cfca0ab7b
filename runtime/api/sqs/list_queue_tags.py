"""ListQueueTags: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueueTags.html"""

from __future__ import annotations

from runtime.api.sqs.shapes import SQS, SqsShape, queue_of
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class ListQueueTagsInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None


class ListQueueTagsOutput(SqsShape, frozen=True, kw_only=True):
    tags: dict[str, str] | None = None


@SQS.action("ListQueueTags")
async def list_queue_tags(queues: Queues, call: Call, input_: ListQueueTagsInput) -> ListQueueTagsOutput:
    """All of them."""
    return ListQueueTagsOutput(tags=queue_of(queues, call, input_.queue_url).record.tags or None)
