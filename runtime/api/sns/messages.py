"""What Publish and PublishBatch share: the members of a message."""

from __future__ import annotations

from typing import Protocol

from runtime.api.sns.shapes import SnsShape
from runtime.errors import TopicError
from runtime.model.queue_message import Attribute
from runtime.model.topic import invalid
from runtime.model.topic_message import Message, structured


class MessageAttributeValue(SnsShape, frozen=True, kw_only=True):
    data_type: str
    string_value: str | None = None
    binary_value: bytes | None = None


class Publishable(Protocol):
    """The members that a message has alone and in a batch."""

    @property
    def message(self) -> str: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def message_structure(self) -> str | None: ...
    @property
    def message_attributes(self) -> dict[str, MessageAttributeValue] | None: ...
    @property
    def message_deduplication_id(self) -> str | None: ...
    @property
    def message_group_id(self) -> str | None: ...


def read(given: Publishable) -> Message:
    """Raises TopicError."""
    by_protocol: dict[str, str] = {}
    if given.message_structure:
        if given.message_structure != "json":
            raise invalid("MessageStructure")
        by_protocol = structured(given.message)
    return Message(
        text=by_protocol.get("default", given.message),
        subject=given.subject or "",
        attributes={name: _attribute(name, value) for name, value in (given.message_attributes or {}).items()},
        by_protocol=by_protocol,
        group=given.message_group_id or "",
        deduplication=given.message_deduplication_id or "",
    )


def _attribute(name: str, value: MessageAttributeValue) -> Attribute:
    is_binary = value.data_type.startswith("Binary")
    if (value.string_value if is_binary else value.binary_value) is not None:
        raise TopicError(
            "ParameterValueInvalid",
            f"The message attribute '{name[:256]}' with type '{value.data_type[:50]}' has a value of another type.",
        )
    return Attribute(value.data_type, value.string_value or "", value.binary_value or b"")
