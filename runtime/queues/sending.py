"""What is sent to a queue, and the message that it becomes."""

from __future__ import annotations

import hashlib

import msgspec

from runtime.errors import QueueError, invalid_parameter
from runtime.model.queue import DeduplicationKey, Message, Standing
from runtime.model.queue_attributes import sequence_number
from runtime.model.queue_message import DELAY_MAX_S, Content, check_id, md5_of, md5_of_attributes
from runtime.model.queue_settings import QueueRecord


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """`sender` is an account. `delay_s` None is the queue's."""

    content: Content
    sender: str
    delay_s: int | None = None
    group: str = ""
    deduplication: str = ""
    trace: str = ""


class Sent(msgspec.Struct, frozen=True):
    """What became of it; `number` is 0 in a standard queue."""

    content: Content
    message_id: str
    number: int
    trace: str
    key: DeduplicationKey | None

    @property
    def sequence_number(self) -> str | None:
        return sequence_number(self.number) if self.number else None


def deduplicated(record: QueueRecord, outgoing: Outgoing) -> Outgoing:
    """With the deduplication id that a FIFO queue goes by. Raises QueueError for what the queue's kind has not."""
    for name, value in (
        ("MessageGroupId", outgoing.group),
        ("MessageDeduplicationId", outgoing.deduplication),
    ):
        if value:
            check_id(name, value)
    delay_s = outgoing.delay_s
    if delay_s is not None and not 0 <= delay_s <= DELAY_MAX_S:
        raise invalid_parameter(
            f"Value {delay_s} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= "
            f"{DELAY_MAX_S}."
        )
    other_kind = "The request include parameter that is not valid for this queue type"
    if not record.is_fifo:
        if outgoing.deduplication:
            raise invalid_parameter(
                f"Value {outgoing.deduplication} for parameter MessageDeduplicationId is invalid. Reason: {other_kind}."
            )
        return outgoing
    if delay_s:
        raise invalid_parameter(f"Value {delay_s} for parameter DelaySeconds is invalid. Reason: {other_kind}.")
    if not outgoing.group:
        raise QueueError("MissingRequiredParameterException", "The request must contain the parameter MessageGroupId.")
    if outgoing.deduplication:
        return outgoing
    if not record.is_on("ContentBasedDeduplication"):
        raise invalid_parameter(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )
    digest = hashlib.sha256(outgoing.content.body.encode()).hexdigest()
    return msgspec.structs.replace(outgoing, deduplication=digest)


def message_of(record: QueueRecord, outgoing: Outgoing, number: int, id_: str, now_ms: int) -> Message:
    """The message as it begins: ready, or delayed."""
    delay_s = record.number("DelaySeconds") if outgoing.delay_s is None or record.is_fifo else outgoing.delay_s
    content = outgoing.content
    return Message(
        number=number,
        id=id_,
        size=content.size,
        md5=md5_of(content.body),
        sender=outgoing.sender,
        sent_ms=now_ms,
        visible_ms=now_ms + delay_s * 1000,
        content=content,
        attributes_md5=md5_of_attributes(content.attributes),
        trace=outgoing.trace,
        group=outgoing.group,
        deduplication=outgoing.deduplication,
        standing=Standing.DELAYED if delay_s else Standing.READY,
    )
