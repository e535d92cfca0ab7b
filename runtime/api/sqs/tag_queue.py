"""TagQueue: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_TagQueue.html"""

from __future__ import annotations

import msgspec

from runtime.api.sqs.shapes import SQS, SqsShape, queue_of, required
from runtime.model.queue_settings import check_tags
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class TagQueueInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None
    tags: dict[str, str] | None = None


@SQS.action("TagQueue")
async def tag_queue(queues: Queues, call: Call, input_: TagQueueInput) -> None:
    """Adds tags, or changes them."""
    async with queues.changing:
        queue = queue_of(queues, call, input_.queue_url)
        tags = queue.record.tags | required("Tags", input_.tags)
        check_tags(tags)
        await queues.change(queue, msgspec.structs.replace(queue.record, tags=tags))
