"""SendMessage: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""

from __future__ import annotations

from runtime.api.sqs.messages import Sendable, outgoing, trace_md5
from runtime.api.sqs.shapes import SQS, SqsShape, queue_of
from runtime.errors import QueueError
from runtime.model.queue_message import md5_of, md5_of_attributes
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class SendMessageInput(Sendable, frozen=True, kw_only=True):
    queue_url: str | None = None


class SendMessageOutput(SqsShape, frozen=True, kw_only=True):
    md5_of_message_body: str
    md5_of_message_attributes: str | None = None
    md5_of_message_system_attributes: str | None = None
    message_id: str
    sequence_number: str | None = None


@SQS.action("SendMessage")
async def send_message(queues: Queues, call: Call, input_: SendMessageInput) -> SendMessageOutput:
    """It is on disk when this answers."""
    queue = queue_of(queues, call, input_.queue_url)
    [sent] = await queues.send(queue, [outgoing(call, input_)])
    if isinstance(sent, QueueError):
        raise sent
    return SendMessageOutput(
        md5_of_message_body=md5_of(sent.content.body),
        md5_of_message_attributes=md5_of_attributes(sent.content.attributes) or None,
        md5_of_message_system_attributes=trace_md5(sent.trace),
        message_id=sent.message_id,
        sequence_number=sent.sequence_number,
    )
