"""What a received message tells of itself besides its body, to ReceiveMessage and to a function alike.

Source: SQS API reference, ReceiveMessage, `MessageSystemAttributeNames`.
"""

from __future__ import annotations

from typing import Final

from runtime.model.queue import Message

#: FIFO sequence numbers have twenty digits.
_SEQUENCE_BASE: Final = 10**19


def sequence_number(number: int) -> str:
    """As FIFO queues tell the order of messages."""
    return str(_SEQUENCE_BASE + number)


def system_attributes(message: Message, *, is_fifo: bool) -> dict[str, str]:
    """Those that there are. Times are epoch milliseconds; `SenderId` is the sender's account."""
    told = {
        "ApproximateReceiveCount": str(message.received),
        "SentTimestamp": str(message.sent_ms),
        "SequenceNumber": sequence_number(message.number) if is_fifo else "",
        "MessageGroupId": message.group,
        "SenderId": message.sender,
        "MessageDeduplicationId": message.deduplication,
        "ApproximateFirstReceiveTimestamp": str(message.first_received_ms),
        "AWSTraceHeader": message.trace,
        "DeadLetterQueueSourceArn": message.source,
    }
    return {name: value for name, value in told.items() if value}
