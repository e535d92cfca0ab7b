"""Who sends what goes to destinations: S3, a rule of EventBridge, or a schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from runtime.destinations.guarded import Sender
from runtime.destinations.router import ROLE

RULE: Final = "RULE_ARN"
SCHEDULE: Final = "SCHEDULE_ARN"


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


def sender_of(owner_of: Callable[[str], str], body: bytes, attributes: Mapping[str, str]) -> Sender:
    """`owner_of` tells the account of a bucket by its name."""
    role = attributes.get(ROLE, "")
    for name, service in ((RULE, "events.amazonaws.com"), (SCHEDULE, "scheduler.amazonaws.com")):
        if name in attributes:
            arn = attributes[name]
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
