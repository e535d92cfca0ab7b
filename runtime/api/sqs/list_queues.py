"""ListQueues: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html"""

from __future__ import annotations

from runtime.api.sqs.shapes import SQS, SqsShape, urls_page
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class ListQueuesInput(SqsShape, frozen=True, kw_only=True):
    queue_name_prefix: str | None = None
    next_token: str | None = None
    max_results: int | None = None


class ListQueuesOutput(SqsShape, frozen=True, kw_only=True):
    queue_urls: list[str] | None = None
    next_token: str | None = None


@SQS.action("ListQueues")
async def list_queues(queues: Queues, call: Call, input_: ListQueuesInput) -> ListQueuesOutput:
    """The caller's, in the order of their names."""
    prefix = input_.queue_name_prefix or ""
    mine = [queue for queue in queues.all(call.scope) if queue.record.name.startswith(prefix)]
    urls, token = urls_page(call, mine, input_.next_token, input_.max_results)
    return ListQueuesOutput(queue_urls=urls or None, next_token=token)
