"""SendMessageBatch: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html"""

from __future__ import annotations

from runtime.api.sqs.messages import Sendable, outgoing, trace_md5
from runtime.api.sqs.shapes import SQS, BatchResultErrorEntry, SqsShape, failed, queue_of, required
from runtime.errors import QueueError
from runtime.model.queue_message import MESSAGE_MAX_BYTES, check_batch_ids, md5_of, md5_of_attributes
from runtime.queues.sending import Outgoing, Sent
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class SendMessageBatchRequestEntry(Sendable, frozen=True, kw_only=True):
    id: str | None = None


class SendMessageBatchInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None
    entries: list[SendMessageBatchRequestEntry] | None = None


class SendMessageBatchResultEntry(SqsShape, frozen=True, kw_only=True):
    id: str
    message_id: str
    md5_of_message_body: str
    md5_of_message_attributes: str | None = None
    md5_of_message_system_attributes: str | None = None
    sequence_number: str | None = None


class SendMessageBatchOutput(SqsShape, frozen=True, kw_only=True):
    successful: list[SendMessageBatchResultEntry] | None = None
    failed: list[BatchResultErrorEntry] | None = None


@SQS.action("SendMessageBatch")
async def send_message_batch(queues: Queues, call: Call, input_: SendMessageBatchInput) -> SendMessageBatchOutput:
    """In one commit; an entry that is refused fails no other."""
    queue = queue_of(queues, call, input_.queue_url)
    entries = input_.entries or []
    ids = [str(required("Id", entry.id)) for entry in entries]
    check_batch_ids(ids)
    read = [_read(call, entry) for entry in entries]
    good = [each for each in read if isinstance(each, Outgoing)]
    size = sum(each.content.size for each in good)
    if size > MESSAGE_MAX_BYTES:
        raise QueueError(
            "BatchRequestTooLong",
            f"Batch requests cannot be longer than {MESSAGE_MAX_BYTES} bytes. You have sent {size} bytes.",
        )
    sent = iter(await queues.send(queue, good))
    results = [(id_, next(sent) if isinstance(each, Outgoing) else each) for id_, each in zip(ids, read, strict=True)]
    return SendMessageBatchOutput(
        successful=[_entry(id_, each) for id_, each in results if isinstance(each, Sent)] or None,
        failed=[failed(id_, each) for id_, each in results if isinstance(each, QueueError)] or None,
    )


def _read(call: Call, entry: SendMessageBatchRequestEntry) -> Outgoing | QueueError:
    try:
        return outgoing(call, entry)
    except QueueError as error:
        return error


def _entry(id_: str, sent: Sent) -> SendMessageBatchResultEntry:
    return SendMessageBatchResultEntry(
        id=id_,
        message_id=sent.message_id,
        md5_of_message_body=md5_of(sent.content.body),
        md5_of_message_attributes=md5_of_attributes(sent.content.attributes) or None,
        md5_of_message_system_attributes=trace_md5(sent.trace),
        sequence_number=sent.sequence_number,
    )
