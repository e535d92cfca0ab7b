"""A queue as it is kept, and its attributes: which there are, what they may be, what they mean.

Source: SQS API reference, CreateQueue and SetQueueAttributes; sentences as recorded from the service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from runtime.errors import QueueError, invalid_parameter
from runtime.model.queue_message import DELAY_MAX_S, MESSAGE_MAX_BYTES
from streamcore.model.iam.document import is_resource_policy

TAGS_MAX: Final = 50
VISIBILITY_MAX_S: Final = 43_200
WAIT_MAX_S: Final = 20
QUEUES_MAX: Final = 100_000
POLICY_MAX_BYTES: Final = 65_536
_NAME: Final = re.compile(r"(?a)\A[\w-]{1,80}(?<!\.fifo)\Z")
_FIFO_NAME: Final = re.compile(r"(?a)\A[\w-]{1,75}\.fifo\Z")

#: name → (default, least, most)
_NUMBERS: Final = {
    "VisibilityTimeout": (30, 0, VISIBILITY_MAX_S),
    "DelaySeconds": (0, 0, DELAY_MAX_S),
    "MaximumMessageSize": (MESSAGE_MAX_BYTES, 1024, MESSAGE_MAX_BYTES),
    "MessageRetentionPeriod": (345_600, 60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 0, WAIT_MAX_S),
    "KmsDataKeyReusePeriodSeconds": (300, 60, 86_400),
}
_BOOLEANS: Final = ("FifoQueue", "ContentBasedDeduplication", "SqsManagedSseEnabled")
_CHOICES: Final = {
    "DeduplicationScope": ("messageGroup", "queue"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
_FIFO_ONLY: Final = {"ContentBasedDeduplication", *_CHOICES}
#: Told, and not to be set.
COMPUTED: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
)
SETTABLE: Final = (*_NUMBERS, *_BOOLEANS, *_CHOICES, "Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId")


class Redrive(NamedTuple):
    """The dead letter queue's ARN, and how often a message may be received before it goes there."""

    target: str
    max_receives: int


class QueueRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A queue as it is kept. `id` is 32 hex digits, new for each queue of a name."""

    id: str
    name: str
    account: str
    region: str
    attributes: dict[str, str]
    tags: dict[str, str] = {}
    created_ms: int
    modified_ms: int

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:{self.region}:{self.account}:{self.name}"

    @property
    def is_fifo(self) -> bool:
        return self.attributes.get("FifoQueue") == "true"

    def number(self, name: str) -> int:
        return int(self.attributes.get(name, _NUMBERS[name][0]))

    def is_on(self, name: str) -> bool:
        return self.attributes.get(name) == "true"

    @property
    def redrive(self) -> Redrive | None:
        text = self.attributes.get("RedrivePolicy")
        return read_redrive(text) if text else None

    def told(self) -> dict[str, str]:
        """Its attributes with the defaults; the encryption by keys is not shown unless it was set."""
        names = [name for name in _NUMBERS if name != "KmsDataKeyReusePeriodSeconds"]
        told = {name: str(_NUMBERS[name][0]) for name in names} | {"SqsManagedSseEnabled": "true"}
        if self.is_fifo:
            told |= {
                "ContentBasedDeduplication": "false",
                "DeduplicationScope": "queue",
                "FifoThroughputLimit": "perQueue",
            }
        return told | self.attributes | {
            "QueueArn": self.arn,
            "CreatedTimestamp": str(self.created_ms // 1000),
            "LastModifiedTimestamp": str(self.modified_ms // 1000),
        }  # fmt: skip


def check_name(name: str, attributes: Mapping[str, str]) -> None:
    """Raises QueueError."""
    is_fifo = attributes.get("FifoQueue") == "true"
    if is_fifo and not name.endswith(".fifo"):
        raise invalid_parameter(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with "
            ".fifo suffix and be 1 to 80 in length."
        )
    if not (_FIFO_NAME if is_fifo else _NAME).match(name):
        raise invalid_parameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")


def checked(given: Mapping[str, str], *, is_fifo: bool, is_new: bool) -> dict[str, str]:
    """The attributes in one spelling; an empty text takes an attribute away. Raises QueueError."""
    kept = {}
    for name, text in given.items():
        if name not in SETTABLE:
            raise QueueError("InvalidAttributeName", f"Unknown Attribute {name[:100]}.")
        if not is_fifo and name in _FIFO_ONLY:
            raise QueueError(
                "InvalidAttributeName", "You can specify the " + name + " only when FifoQueue is set to true."
            )
        if name == "FifoQueue" and (text.lower() != "true" or (not is_new and not is_fifo)):
            # There is no such thing as false: the attribute is left out.
            raise QueueError("InvalidAttributeName", "Unknown Attribute FifoQueue.")
        kept[name] = _value(name, text)
    return kept


def _value(name: str, text: str) -> str:
    refused = QueueError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    if name in _NUMBERS:
        _, least, most = _NUMBERS[name]
        if not re.fullmatch(r"(?a)\d{1,10}", text) or not least <= int(text) <= most:
            raise refused
        return str(int(text))
    if name in _BOOLEANS:
        if text.lower() not in ("true", "false"):
            raise refused
        return text.lower()
    if name in _CHOICES:
        if text not in _CHOICES[name]:
            raise refused
        return text
    if len(text.encode()) > POLICY_MAX_BYTES:
        raise refused
    if name == "RedrivePolicy" and text:
        read_redrive(text)
    elif name == "RedriveAllowPolicy" and text:
        read_allowed(text)
    elif name == "Policy" and text and not is_resource_policy(text):
        raise refused
    return text


def read_redrive(text: str) -> Redrive:
    """Raises QueueError."""
    value = _object(text)
    target, count = value.get("deadLetterTargetArn"), str(value.get("maxReceiveCount", ""))
    if not isinstance(target, str) or not target or not count:
        missing = "maxReceiveCount" if target else "deadLetterTargetArn"
        raise _bad("RedrivePolicy", text, f"Redrive policy does not contain mandatory attribute: {missing}.")
    if not re.fullmatch(r"(?a)\d{1,4}", count) or not 1 <= int(count) <= 1000:
        raise _bad("RedrivePolicy", text, "Invalid value for maxReceiveCount: must be between 1 and 1000.")
    return Redrive(target, int(count))


class Allowed(NamedTuple):
    """Which queues may have this one as their dead letter queue."""

    permission: str
    sources: tuple[str, ...] = ()

    def allows(self, arn: str) -> bool:
        return self.permission == "allowAll" or (self.permission == "byQueue" and arn in self.sources)


def read_allowed(text: str) -> Allowed:
    """Raises QueueError."""
    value = _object(text)
    permission, sources = value.get("redrivePermission"), value.get("sourceQueueArns") or []
    if permission not in ("allowAll", "denyAll", "byQueue"):
        raise _bad("RedriveAllowPolicy", text, "Amazon SQS can't create the redrive allow policy, as it’s invalid.")
    is_list = isinstance(sources, list) and all(isinstance(each, str) for each in sources)
    if not is_list or len(sources) > 10 or bool(sources) != (permission == "byQueue"):
        raise _bad("RedriveAllowPolicy", text, "Amazon SQS can't create the redrive allow policy, as it’s invalid.")
    return Allowed(permission, tuple(sources))


def refused_target(text: str, reason: str) -> QueueError:
    """A dead letter queue that cannot be one."""
    return _bad("RedrivePolicy", text, reason)


def _bad(name: str, text: str, reason: str) -> QueueError:
    return invalid_parameter(f"Value {text[:500]} for parameter {name} is invalid. Reason: {reason}")


def policy_of(record: QueueRecord) -> dict[str, Any]:
    """The queue's policy, or an empty one, to be changed and kept as the attribute `Policy`."""
    policy = _object(record.attributes.get("Policy", ""))
    statements = policy.get("Statement")
    head = policy or {"Version": "2012-10-17", "Id": f"{record.arn}/SQSDefaultPolicy"}
    is_list = isinstance(statements, list) and all(isinstance(each, dict) for each in statements)
    return head | {"Statement": list(statements or ()) if is_list else []}


def _object(text: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def check_tags(tags: Mapping[str, str]) -> None:
    """Raises QueueError."""
    if len(tags) > TAGS_MAX:
        raise invalid_parameter(f"Too many tags added for queue: {len(tags)} tags, the maximum is {TAGS_MAX}.")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise invalid_parameter(
                "Tag keys must be between 1 and 128 characters in length and must not begin with aws:; tag values have "
                "at most 256 characters."
            )
