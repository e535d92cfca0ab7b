"""Messages of queues as they are sent: what may be in them, their size, their digests, their receipt handles.

Source: SQS developer guide, "message metadata", "calculating the MD5 message digest for message attributes"; API
reference, SendMessage; sentences as recorded from the service.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from runtime.errors import QueueError, invalid_parameter

#: Also of a batch together (1 MiB since August 2025).
MESSAGE_MAX_BYTES: Final = 1_048_576
ATTRIBUTES_MAX: Final = 10
BATCH_MAX: Final = 10
DELAY_MAX_S: Final = 900
_NAME: Final = re.compile(r"(?a)\A[A-Za-z0-9_.-]{1,256}\Z")
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_GROUP: Final = re.compile(r"(?a)\A[\w!\"#$%&'()*+,./:;<=>?@\[\\\]^`{|}~-]{1,128}\Z")
_BATCH_ID: Final = re.compile(r"(?a)\A[\w-]{1,80}\Z")
_HANDLE: Final = struct.Struct(">16sQI")


class Attribute(msgspec.Struct, frozen=True, omit_defaults=True):
    """The value of a message attribute: `text`, or `data` for the type Binary."""

    kind: str
    text: str = ""
    data: bytes = b""

    @property
    def is_binary(self) -> bool:
        return self.kind.startswith("Binary")

    @property
    def value(self) -> bytes:
        return self.data if self.is_binary else self.text.encode()


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the sender gave."""

    body: str
    attributes: dict[str, Attribute] = {}

    @property
    def size(self) -> int:
        """In bytes: names, types and values count."""
        of_attributes = (
            len(name.encode()) + len(each.kind) + len(each.value) for name, each in self.attributes.items()
        )
        return len(self.body.encode()) + sum(of_attributes)


class Handle(NamedTuple):
    """What a receipt handle says: which message of which queue, received the how manieth time."""

    queue: bytes
    number: int
    receive: int

    def text(self) -> str:
        return base64.b64encode(_HANDLE.pack(*self)).decode()


def read_handle(text: str) -> Handle:
    """Raises QueueError: ReceiptHandleIsInvalid."""
    try:
        return Handle(*_HANDLE.unpack(base64.b64decode(text, validate=True)))
    except (struct.error, binascii.Error, ValueError):
        raise QueueError(
            "ReceiptHandleIsInvalid", f'The input receipt handle "{text[:200]}" is not a valid receipt handle.'
        ) from None


def md5_of(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def md5_of_attributes(attributes: Mapping[str, Attribute]) -> str:
    """The digest that SDKs compare; empty when there are no attributes."""
    if not attributes:
        return ""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        attribute = attributes[name]
        for part in (name.encode(), attribute.kind.encode()):
            digest.update(len(part).to_bytes(4, "big") + part)
        value = attribute.value
        digest.update((b"\x02" if attribute.is_binary else b"\x01") + len(value).to_bytes(4, "big") + value)
    return digest.hexdigest()


def check_content(content: Content, max_bytes: int) -> None:
    """Raises QueueError."""
    if not content.body:
        raise QueueError("MissingRequiredParameterException", "The request must contain the parameter MessageBody.")
    found = _FORBIDDEN.search(content.body)
    if found is not None:
        raise QueueError(
            "InvalidMessageContents",
            f"Invalid binary character '#x{ord(found[0]):X}' was found in the message body, the set of allowed "
            "characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
        )
    if len(content.attributes) > ATTRIBUTES_MAX:
        raise invalid_parameter(
            f"Number of message attributes [{len(content.attributes)}] exceeds the allowed maximum [{ATTRIBUTES_MAX}]."
        )
    for name, attribute in content.attributes.items():
        check_attribute(name, attribute)
    if content.size > max_bytes:
        raise invalid_parameter(
            f"One or more parameters are invalid. Reason: Message must be shorter than {max_bytes} bytes."
        )


def check_attribute(name: str, attribute: Attribute) -> None:
    """Raises QueueError."""
    shown = name[:256]
    if not _NAME.match(name) or name.startswith(".") or name.endswith(".") or ".." in name:
        raise invalid_parameter(
            f"Message (user) attribute name '{shown}' is invalid. Attribute name can contain A-Z, a-z, 0-9, "
            "underscore (_), hyphen (-), and period (.) characters."
        )
    if name.lower().startswith(("aws.", "amazon.")):
        raise invalid_parameter(f"Message (user) attribute name '{shown}' starts with a reserved prefix.")
    kind = attribute.kind.partition(".")[0]
    if kind not in ("String", "Number", "Binary") or len(attribute.kind) > 256:
        raise invalid_parameter(
            f"The message attribute '{shown}' has an invalid message attribute type, the set of supported type "
            "prefixes is Binary, Number, and String."
        )
    if not attribute.value:
        raise invalid_parameter(
            f"The message attribute '{shown}' must contain non-empty message attribute value for message attribute "
            f"type '{kind}'."
        )
    if kind == "Number" and not _is_number(attribute.text):
        raise invalid_parameter(f"Can't cast the value of message (user) attribute '{shown}' to a number.")
    if _FORBIDDEN.search(attribute.text):
        raise invalid_parameter(f"The value of message (user) attribute '{shown}' contains an invalid character.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text and text.lower().lstrip("+-") not in ("nan", "inf", "infinity")


def check_id(parameter: str, value: str) -> None:
    """A deduplication or group id. Raises QueueError."""
    if not _GROUP.match(value):
        raise invalid_parameter(
            f"Value {value[:200]} for parameter {parameter} is invalid. Reason: {parameter} can only include "
            "alphanumeric and punctuation characters. 1 to 128 in length."
        )


def check_range(parameter: str, value: int, low: int, high: int) -> None:
    """Raises QueueError."""
    if not low <= value <= high:
        raise invalid_parameter(
            f"Value {value} for parameter {parameter} is invalid. Reason: Must be between {low} and {high}, if "
            "provided."
        )


def check_batch_ids(ids: list[str]) -> None:
    """Raises QueueError."""
    if not ids:
        raise QueueError("EmptyBatchRequest", "There should be at least one entry in the request.")
    if len(ids) > BATCH_MAX:
        raise QueueError(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {BATCH_MAX}. You have sent {len(ids)}.",
        )
    for id_ in ids:
        if not _BATCH_ID.match(id_):
            raise QueueError(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
                "It can be at most 80 letters long.",
            )
    repeated = next((id_ for id_ in ids if ids.count(id_) > 1), None)
    if repeated is not None:
        raise QueueError("BatchEntryIdsNotDistinct", f"Id {repeated} repeated.")
