"""ReceiveMessage: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html"""

from __future__ import annotations

import msgspec

from runtime.api.sqs.messages import (
    SYSTEM,
    MessageAttributeValue,
    message_attributes,
    system_attributes,
    told,
)
from runtime.api.sqs.shapes import SQS, SqsShape, queue_of
from runtime.errors import QueueError, invalid_parameter
from runtime.model.queue_message import Handle, check_id, check_range, md5_of_attributes
from runtime.model.queue_settings import VISIBILITY_MAX_S, WAIT_MAX_S
from runtime.queues.queue import Queue
from runtime.queues.service import Queues, Received
from streamcore.api.aws.service import Call


class ReceiveMessageInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None
    attribute_names: list[str] | None = None
    message_system_attribute_names: list[str] | None = None
    message_attribute_names: list[str] | None = None
    max_number_of_messages: int | None = None
    visibility_timeout: int | None = None
    wait_time_seconds: int | None = None
    receive_request_attempt_id: str | None = None


class MessageShape(SqsShape, frozen=True, kw_only=True):
    message_id: str
    receipt_handle: str
    md5_of_body: str = msgspec.field(name="MD5OfBody")
    body: str
    attributes: dict[str, str] | None = None
    md5_of_message_attributes: str | None = None
    message_attributes: dict[str, MessageAttributeValue] | None = None


class ReceiveMessageOutput(SqsShape, frozen=True, kw_only=True):
    messages: list[MessageShape] | None = None


@SQS.action("ReceiveMessage")
async def receive_message(queues: Queues, call: Call, input_: ReceiveMessageInput) -> ReceiveMessageOutput:
    """Waits for a message as long as is asked for, and answers as soon as there is one."""
    queue = queue_of(queues, call, input_.queue_url)
    _check(queue, input_)
    received = await queues.receive(
        queue,
        input_.max_number_of_messages or 1,
        visibility_ms=None if input_.visibility_timeout is None else input_.visibility_timeout * 1000,
        wait_ms=None if input_.wait_time_seconds is None else input_.wait_time_seconds * 1000,
        attempt=input_.receive_request_attempt_id or "",
    )
    return ReceiveMessageOutput(messages=[_shape(queue, input_, each) for each in received] or None)


def _check(queue: Queue, input_: ReceiveMessageInput) -> None:
    for name, value, low, high in (
        ("MaxNumberOfMessages", input_.max_number_of_messages, 1, 10),
        ("VisibilityTimeout", input_.visibility_timeout, 0, VISIBILITY_MAX_S),
        ("WaitTimeSeconds", input_.wait_time_seconds, 0, WAIT_MAX_S),
    ):
        if value is not None:
            check_range(name, value, low, high)
    for name in (*(input_.attribute_names or ()), *(input_.message_system_attribute_names or ())):
        if name != "All" and name not in SYSTEM:
            raise QueueError("InvalidAttributeName", f"Unknown Attribute {name[:100]}.")
    if input_.receive_request_attempt_id:
        check_id("ReceiveRequestAttemptId", input_.receive_request_attempt_id)
        if not queue.record.is_fifo:
            raise invalid_parameter(
                f"Value {input_.receive_request_attempt_id} for parameter ReceiveRequestAttemptId is invalid. Reason: "
                "The request include parameter that is not valid for this queue type."
            )


def _shape(queue: Queue, input_: ReceiveMessageInput, received: Received) -> MessageShape:
    message, content = received
    names = (*(input_.attribute_names or ()), *(input_.message_system_attribute_names or ()))
    attributes = message_attributes(content, input_.message_attribute_names or ())
    return MessageShape(
        message_id=message.id,
        receipt_handle=Handle(queue.id, message.number, message.received).text(),
        md5_of_body=message.md5,
        body=content.body,
        attributes=system_attributes(message, names, is_fifo=queue.record.is_fifo),
        md5_of_message_attributes=md5_of_attributes(attributes) or None,
        message_attributes=told(attributes),
    )
