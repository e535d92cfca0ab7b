"""PublishBatch: https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html"""

from __future__ import annotations

from collections import Counter
from typing import Final

from runtime.api.sns.messages import MessageAttributeValue, read
from runtime.api.sns.shapes import SNS, SnsShape
from runtime.errors import QueueError, TopicError
from runtime.model.queue_message import Content, check_batch_ids
from runtime.model.topic_message import MESSAGE_MAX_BYTES, Issue, Message
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class PublishBatchRequestEntry(SnsShape, frozen=True, kw_only=True):
    id: str
    message: str
    subject: str | None = None
    message_structure: str | None = None
    message_attributes: dict[str, MessageAttributeValue] | None = None
    message_deduplication_id: str | None = None
    message_group_id: str | None = None


class PublishBatchInput(SnsShape, frozen=True, kw_only=True):
    topic_arn: str
    publish_batch_request_entries: list[PublishBatchRequestEntry]


class PublishBatchResultEntry(SnsShape, frozen=True, kw_only=True):
    id: str
    message_id: str
    sequence_number: str | None = None


class BatchResultErrorEntry(SnsShape, frozen=True, kw_only=True):
    id: str
    code: str
    message: str
    sender_fault: bool


class PublishBatchOutput(SnsShape, frozen=True, kw_only=True):
    successful: list[PublishBatchResultEntry]
    failed: list[BatchResultErrorEntry]


@SNS.action("PublishBatch")
async def publish_batch(topics: Topics, call: Call, input_: PublishBatchInput) -> PublishBatchOutput:
    """In one commit; an entry that is refused fails no other."""
    topic, entries = topics.topic(input_.topic_arn), input_.publish_batch_request_entries
    _check_ids([entry.id for entry in entries])
    given = [_read(entry) for entry in entries]
    messages = [each for each in given if isinstance(each, Message)]
    if sum(Content(each.text, each.attributes).size for each in messages) > MESSAGE_MAX_BYTES:
        raise TopicError("BatchRequestTooLong", "The length of all the messages put together is more than the limit")
    issued = iter(await topics.publish(topic, *messages))
    results = [
        (entry.id, next(issued) if isinstance(each, Message) else each)
        for entry, each in zip(entries, given, strict=True)
    ]
    return PublishBatchOutput(
        successful=[
            PublishBatchResultEntry(id=id_, message_id=each.id, sequence_number=each.sequence_number)
            for id_, each in results
            if isinstance(each, Issue)
        ],
        failed=[
            BatchResultErrorEntry(id=id_, code=each.code, message=str(each), sender_fault=True)
            for id_, each in results
            if isinstance(each, TopicError)
        ],
    )


def _read(entry: PublishBatchRequestEntry) -> Message | TopicError:
    try:
        return read(entry)
    except TopicError as error:
        return error


def _check_ids(ids: list[str]) -> None:
    """As SQS checks them; the sentences are SNS's."""
    try:
        check_batch_ids(ids)
    except QueueError as error:
        sentence = _SENTENCES.get(error.code, str(error))
        repeated = [id_ for id_, count in Counter(ids).items() if count > 1]
        raise TopicError(error.code, sentence.format(ids=", ".join(repeated))) from error


_SENTENCES: Final = {
    "EmptyBatchRequest": "The batch request doesn't contain any entries.",
    "TooManyEntriesInBatchRequest": "The batch request contains more entries than permissible.",
    "BatchEntryIdsNotDistinct": "Two or more batch entries in the request have the same Id: {ids}",
    "InvalidBatchEntryId": "The Id of a batch entry in a batch request doesn't abide by the specification.",
}
