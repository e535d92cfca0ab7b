"""Notifications of other stores that speak S3 (MinIO, Ceph), taken apart.

They send S3's records, in MinIO's case with `EventName` and `Key` around them; event names come with and without `s3:`.
https://min.io/docs/minio/linux/administration/monitoring/publish-events-to-webhook.html
https://docs.ceph.com/en/latest/radosgw/notifications/
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec

from runtime.model.s3.notification import EVENTS
from runtime.model.s3.values import NULL

RECORDS_MAX: Final = 1000
_HEX: Final = re.compile(r"(?a)\A[0-9A-Fa-f]{1,32}\Z")


class Heard(msgspec.Struct, frozen=True):
    """A record of an outside store. `event` is a name of EVENTS."""

    event: str
    bucket: str
    key: str
    version_id: str
    sequencer: int
    at_ms: int
    size: int
    etag: str
    request_id: str
    account: str
    source_ip: str


def heard_in(body: bytes) -> list[Heard]:
    """The records of events that are known here; others are left out. Raises ValueError for what is no notification."""
    try:
        whole = msgspec.json.decode(body)
        records = whole["Records"]
        if not isinstance(records, list) or len(records) > RECORDS_MAX:
            raise ValueError("Records is no list, or too long a list")
        heard = [_heard(record) for record in records]
    except (KeyError, TypeError, AttributeError, RecursionError, msgspec.DecodeError) as error:
        raise ValueError(f"this is no notification of S3: {error!r}") from None
    return [one for one in heard if one is not None]


def _heard(record: dict[str, Any]) -> Heard | None:
    event = str(record["eventName"]).removeprefix("s3:")
    if event not in EVENTS:
        return None
    about, answer = record["s3"], record.get("responseElements") or {}
    object_ = about["object"]
    sequencer = str(object_.get("sequencer") or "0")
    return Heard(
        event,
        str(about["bucket"]["name"]),
        unquote_plus(str(object_["key"])),
        str(object_.get("versionId") or NULL),
        int(sequencer, 16) if _HEX.match(sequencer) else 0,
        _ms(str(record["eventTime"])),
        int(object_.get("size") or 0),
        str(object_.get("eTag") or ""),
        str(answer.get("x-amz-request-id") or ""),
        str((record.get("userIdentity") or {}).get("principalId") or ""),
        str((record.get("requestParameters") or {}).get("sourceIPAddress") or "127.0.0.1"),
    )


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)
