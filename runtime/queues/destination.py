"""A queue as a destination of records, events and dead letters: one message."""

from __future__ import annotations

from typing import Final

from runtime.destinations.router import Deliver
from runtime.errors import DestinationError, QueueError
from runtime.model.queue_message import Attribute, Content
from runtime.queues.sending import Outgoing
from runtime.queues.service import Queues
from streamcore.errors import StreamcoreError

#: What a delivery knows beside its body that becomes a message attribute: of a function's dead letter queue (Lambda
#: developer guide) and of a rule's or schedule's (EventBridge user guide).
_TOLD: Final = {
    "RequestID": "String",
    "ErrorCode": "Number",
    "ErrorMessage": "String",
    "RULE_ARN": "String",
    "TARGET_ARN": "String",
    "ERROR_CODE": "String",
    "ERROR_MESSAGE": "String",
    "RETRY_ATTEMPTS": "Number",
}
#: Each of these makes a dead letter of a delivery.
_MARKS: Final = ("ErrorCode", "ERROR_CODE")


def letter_attributes(attributes: dict[str, str]) -> dict[str, Attribute]:
    """The message attributes of a dead letter; nothing else has any."""
    if not any(mark in attributes for mark in _MARKS):
        return {}
    return {
        name: Attribute(kind, text=attributes[name]) for name, kind in _TOLD.items() if attributes.get(name)
    }  # fmt: skip


def to_queue(queues: Queues) -> Deliver:
    """Sends to the queue that the ARN names. What the queue refuses does not pass; a full disk does."""

    async def deliver(arn: str, body: bytes, attributes: dict[str, str]) -> None:
        try:
            queue = queues.at(arn)
            content = Content(body.decode(errors="replace"), letter_attributes(attributes))
            outgoing = Outgoing(
                content=content,
                sender=queue.record.account,
                group=attributes.get("MessageGroupId", ""),
                deduplication=attributes.get("MessageDeduplicationId", "") if queue.record.is_fifo else "",
            )
            [result] = await queues.send(queue, [outgoing])
        except QueueError as error:
            raise DestinationError(arn, str(error), is_passing=error.code == "OverLimit") from error
        except StreamcoreError as error:
            raise DestinationError(arn, str(error), is_passing=True) from error
        if isinstance(result, QueueError):
            raise DestinationError(arn, str(result), is_passing=False)

    return deliver
