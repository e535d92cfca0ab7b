"""What the actions about messages share: attributes in and out, and an entry that is sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from runtime.api.sqs.shapes import SqsShape, required
from runtime.errors import QueueError, invalid_parameter
from runtime.model import queue_attributes
from runtime.model.queue import Message
from runtime.model.queue_message import Attribute, Content, md5_of_attributes
from runtime.queues.sending import Outgoing
from streamcore.api.aws.service import Call

#: Names of system attributes that ReceiveMessage tells.
SYSTEM: Final = (
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
)
_TRACE: Final = "AWSTraceHeader"


class MessageAttributeValue(SqsShape, frozen=True, kw_only=True):
    """Also that of a system attribute. Lists are reserved by AWS, and refused."""

    string_value: str | None = None
    binary_value: bytes | None = None
    string_list_values: list[str] | None = None
    binary_list_values: list[bytes] | None = None
    data_type: str | None = None


class Sendable(SqsShape, frozen=True, kw_only=True):
    """The members that a message has alone and in a batch."""

    message_body: str | None = None
    delay_seconds: int | None = None
    message_attributes: dict[str, MessageAttributeValue] | None = None
    message_system_attributes: dict[str, MessageAttributeValue] | None = None
    message_deduplication_id: str | None = None
    message_group_id: str | None = None


def outgoing(call: Call, given: Sendable) -> Outgoing:
    """What is sent. Raises QueueError."""
    return Outgoing(
        content=Content(required("MessageBody", given.message_body), _read(given.message_attributes)),
        sender=call.scope.account,
        delay_s=given.delay_seconds,
        group=given.message_group_id or "",
        deduplication=given.message_deduplication_id or "",
        trace=_trace(given.message_system_attributes),
    )


def _read(given: dict[str, MessageAttributeValue] | None) -> dict[str, Attribute]:
    return {name: _attribute(name, value) for name, value in (given or {}).items()}


def _attribute(name: str, value: MessageAttributeValue) -> Attribute:
    if value.string_list_values or value.binary_list_values:
        raise QueueError(
            "UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported."
        )
    if not value.data_type:
        raise invalid_parameter(f"The message attribute '{name[:256]}' must contain a non-empty attribute type.")
    if value.string_value is not None and value.binary_value is not None:
        raise invalid_parameter(f"Message attribute '{name[:256]}' has more than one value.")
    is_binary = value.data_type.startswith("Binary")
    if value.string_value and is_binary:
        raise invalid_parameter(f"The message attribute '{name[:256]}' with type 'Binary' must use field 'Binary'.")
    return Attribute(value.data_type, value.string_value or "", value.binary_value or b"")


def _trace(given: dict[str, MessageAttributeValue] | None) -> str:
    for name, value in (given or {}).items():
        if name != _TRACE or value.data_type != "String" or not value.string_value:
            raise invalid_parameter(
                f"Message system attribute name '{name[:256]}' is invalid. There is AWSTraceHeader, a String."
            )
        return value.string_value
    return ""


def trace_md5(trace: str) -> str | None:
    return md5_of_attributes({_TRACE: Attribute("String", trace)}) if trace else None


# ---------------------------------------------------------------- out


def system_attributes(message: Message, names: Iterable[str], *, is_fifo: bool) -> dict[str, str] | None:
    """Those that are asked for and that there are."""
    told = queue_attributes.system_attributes(message, is_fifo=is_fifo)
    wanted = set(SYSTEM) if "All" in names else set(names)
    return {name: value for name, value in told.items() if name in wanted} or None


def message_attributes(content: Content, names: Iterable[str]) -> dict[str, Attribute]:
    """Those that are asked for: `All`, `.*`, a name, or what begins with one: `shop.*`."""
    wanted = list(names)
    if "All" in wanted or ".*" in wanted:
        return content.attributes
    exact = set(wanted)
    prefixes = tuple(name[:-1] for name in wanted if name.endswith(".*"))
    return {
        name: value for name, value in content.attributes.items() if name in exact or name.startswith(prefixes)
    }  # fmt: skip


def told(attributes: dict[str, Attribute]) -> dict[str, Any] | None:
    return {
        name: MessageAttributeValue(
            data_type=each.kind,
            string_value=None if each.is_binary else each.text,
            binary_value=each.data if each.is_binary else None,
        )
        for name, each in attributes.items()
    } or None
