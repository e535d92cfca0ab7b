"""Who sends what goes to destinations: S3, a topic, a rule of EventBridge, a schedule, or Lambda for a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from runtime.destinations.guarded import Sender
from runtime.destinations.router import FUNCTION, ROLE, TOPIC

RULE: Final = "RULE_ARN"
SCHEDULE: Final = "SCHEDULE_ARN"
#: The attribute that a service's deliveries have → the service; those of S3 say it in their bodies.
_SERVICES: Final = {
    FUNCTION: "lambda.amazonaws.com",
    RULE: "events.amazonaws.com",
    SCHEDULE: "scheduler.amazonaws.com",
    TOPIC: "sns.amazonaws.com",
}


class _Bucket(msgspec.Struct, frozen=True):
    arn: str = ""


class _S3(msgspec.Struct, frozen=True):
    bucket: _Bucket = _Bucket()


class _Record(msgspec.Struct, frozen=True):
    s3: _S3 = _S3()


class _Notification(msgspec.Struct, frozen=True):
    records: list[_Record] = msgspec.field(name="Records", default_factory=list)
    #: Of the event that tells that notifications were configured.
    bucket: str = msgspec.field(name="Bucket", default="")


def sender_of(
    owner_of: Callable[[str], str], role_of: Callable[[str], str], body: bytes, attributes: Mapping[str, str]
) -> Sender:
    """`owner_of` tells the account of a bucket by its name, `role_of` the execution role of a function by its ARN."""
    for name, service in _SERVICES.items():
        if name in attributes:
            arn = attributes[name]
            role = role_of(arn) if name == FUNCTION else attributes.get(ROLE, "")
            return Sender(service, arn, arn.split(":")[4], role)
    arn = _bucket_arn(body)
    return Sender("s3.amazonaws.com", arn, owner_of(arn.rpartition(":::")[2]))


def _bucket_arn(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body, type=_Notification)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    if found.records:
        return found.records[0].s3.bucket.arn
    return f"arn:aws:s3:::{found.bucket}" if found.bucket else ""
