"""UntagQueue: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_UntagQueue.html"""

from __future__ import annotations

import msgspec

from runtime.api.sqs.shapes import SQS, SqsShape, queue_of, required
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class UntagQueueInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None
    tag_keys: list[str] | None = None


@SQS.action("UntagQueue")
async def untag_queue(queues: Queues, call: Call, input_: UntagQueueInput) -> None:
    """Tags that are not there are as good as removed."""
    gone = set(required("TagKeys", input_.tag_keys))
    async with queues.changing:
        queue = queue_of(queues, call, input_.queue_url)
        left = {key: value for key, value in queue.record.tags.items() if key not in gone}
        await queues.change(queue, msgspec.structs.replace(queue.record, tags=left))
