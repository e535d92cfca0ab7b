"""CreateQueue: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"""

from __future__ import annotations

import uuid

import msgspec

from runtime.api.sqs.shapes import SQS, SqsShape, required, url_of
from runtime.model.queue_settings import QueueRecord, check_name, check_tags, checked
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class CreateQueueInput(SqsShape, frozen=True, kw_only=True):
    queue_name: str | None = None
    attributes: dict[str, str] | None = None
    tags: dict[str, str] | None = msgspec.field(name="tags", default=None)


class CreateQueueOutput(SqsShape, frozen=True, kw_only=True):
    queue_url: str


@SQS.action("CreateQueue")
async def create_queue(queues: Queues, call: Call, input_: CreateQueueInput) -> CreateQueueOutput:
    """Or finds the one that is there, if it has the attributes that are given."""
    name, given, tags = required("QueueName", input_.queue_name), input_.attributes or {}, input_.tags or {}
    check_name(name, given)
    check_tags(tags)
    is_fifo = given.get("FifoQueue") == "true"
    attributes = checked(given, is_fifo=is_fifo, is_new=True)
    now_ms = call.broker.clock.now_ms()
    queue = await queues.create(
        QueueRecord(
            id=uuid.uuid4().hex,
            name=name,
            account=call.scope.account,
            region=call.scope.region,
            attributes={key: value for key, value in attributes.items() if value},
            tags=tags,
            created_ms=now_ms,
            modified_ms=now_ms,
        )
    )
    return CreateQueueOutput(queue_url=url_of(call, queue))
