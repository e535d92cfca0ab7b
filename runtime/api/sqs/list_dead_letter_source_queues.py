"""ListDeadLetterSourceQueues: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListDeadLetterSourceQueues.html"""

from __future__ import annotations

import msgspec

from runtime.api.sqs.shapes import SQS, SqsShape, queue_of, urls_page
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class ListDeadLetterSourceQueuesInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None
    next_token: str | None = None
    max_results: int | None = None


class ListDeadLetterSourceQueuesOutput(SqsShape, frozen=True, kw_only=True):
    queue_urls: list[str] = msgspec.field(name="queueUrls")
    next_token: str | None = None


@SQS.action("ListDeadLetterSourceQueues")
async def list_dead_letter_source_queues(
    queues: Queues, call: Call, input_: ListDeadLetterSourceQueuesInput
) -> ListDeadLetterSourceQueuesOutput:
    """The queues whose redrive policy names this one."""
    sources = queues.sources_of(queue_of(queues, call, input_.queue_url))
    urls, token = urls_page(call, sources, input_.next_token, input_.max_results)
    return ListDeadLetterSourceQueuesOutput(queue_urls=urls, next_token=token)
