"""Changes of a stream's settings, each a rule: the stream and the time → the stream as it is to be.

A rule raises what is wrong with the request and leaves the stream alone; the broker makes its result durable. One that
sends the stream through UPDATING says so; AWS's texts are those seen on the service where they are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from streamcore.errors import InvalidArgument, ValidationFailed
from streamcore.model import limits
from streamcore.model.quota import START_STREAM_ENCRYPTION, STOP_STREAM_ENCRYPTION, UPDATE_STREAM_MODE, spend
from streamcore.model.reshard import check_active
from streamcore.model.retention import horizon_ms
from streamcore.model.stream import StreamInfo, StreamMode, StreamStatus

TAGS_MAX: Final = 50

_replace = msgspec.structs.replace


def _updating(stream: StreamInfo) -> StreamInfo:
    """An ACTIVE stream on its way. Raises StreamNotActive."""
    check_active(stream)
    return stream.moved_to(StreamStatus.UPDATING)


# ---------------------------------------------------------------- retention


def increase_retention(stream: StreamInfo, at_ms: int, *, hours: int) -> StreamInfo:
    """Longer from now on; what had expired before stays gone (API reference: data "is not accessible" again)."""
    _check_hours(hours)
    if hours < stream.retention_hours:
        raise InvalidArgument(
            f"Requested retention period ({hours} hours) for stream {stream.name} can not be shorter than existing "
            f"retention period ({stream.retention_hours} hours). Use DecreaseRetentionPeriod API."
        )
    check_active(stream)
    expired_ms = max(stream.expired_ms, horizon_ms(at_ms, stream.retention_ms))
    return _replace(stream, retention_hours=hours, expired_ms=expired_ms)


def decrease_retention(stream: StreamInfo, at_ms: int, *, hours: int) -> StreamInfo:
    """Shorter at once: older records are no longer read, and the trimmer takes them."""
    _check_hours(hours)
    if hours > stream.retention_hours:
        raise InvalidArgument(
            f"Requested retention period ({hours} hours) for stream {stream.name} can not be longer than existing "
            f"retention period ({stream.retention_hours} hours). Use IncreaseRetentionPeriod API."
        )
    check_active(stream)
    return _replace(stream, retention_hours=hours)


def _check_hours(hours: int) -> None:
    if hours < limits.RETENTION_MIN_HOURS:
        raise InvalidArgument(
            f"Minimum allowed retention period is {limits.RETENTION_MIN_HOURS} hours. "
            f"Requested retention period ({hours} hours) is too short."
        )
    if hours > limits.RETENTION_MAX_HOURS:
        raise InvalidArgument(
            f"Maximum allowed retention period is {limits.RETENTION_MAX_HOURS} hours. "
            f"Requested retention period ({hours} hours) is too long."
        )


# ---------------------------------------------------------------- tags

_TAG_TEXT: Final = re.compile(r"[\w\s./=+\-%@:]*\Z")


def tagged(present: Mapping[str, str], added: Mapping[str, str], subject: str) -> dict[str, str]:
    """The tags with more of them; `subject` is what the error says they are of. Raises InvalidArgument."""
    check_tag_text([*added, *added.values()], f"Failed to add tags to {subject}")
    tags = {**present, **added}
    if len(tags) > TAGS_MAX:
        raise InvalidArgument(
            f"Failed to add tags to {subject} because a given stream cannot have more than {TAGS_MAX} tags "
            "associated with it."
        )
    return tags


def untagged(present: Mapping[str, str], keys: Iterable[str], subject: str) -> dict[str, str]:
    """The tags without these; a key that is not there is none the worse. Raises InvalidArgument."""
    gone = set(keys)
    check_tag_text(gone, f"Failed to remove tags from {subject}")
    return {key: value for key, value in present.items() if key not in gone}


def check_tag_text(texts: Iterable[str], failed: str) -> None:
    """The service names `%` among the valid characters and refuses it with another sentence."""
    given = list(texts)
    if not all(_TAG_TEXT.match(text) for text in given):
        raise InvalidArgument(
            "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, "
            "_ . / = + - % @ :."
        )
    if any("%" in text for text in given):
        raise InvalidArgument(
            f"{failed} because some tags contained illegal characters. The allowed characters are Unicode letters, "
            "white-spaces, '_',',','/','=','+','-','@',':'."
        )


def add_tags(stream: StreamInfo, at_ms: int, *, tags: Mapping[str, str]) -> StreamInfo:
    return _replace(stream, tags=tagged(stream.tags, tags, subject(stream)))


def remove_tags(stream: StreamInfo, at_ms: int, *, keys: Iterable[str]) -> StreamInfo:
    return _replace(stream, tags=untagged(stream.tags, keys, subject(stream)))


def subject(stream: StreamInfo) -> str:
    return f"stream {stream.name} under account {stream.account}"


# ---------------------------------------------------------------- encryption, monitoring, sizes, policies


def start_encryption(stream: StreamInfo, at_ms: int, *, key_id: str) -> StreamInfo:
    """Keeps the key's name and tells it; records are not encrypted by the broker."""
    check_active(stream)
    return _replace(_updating(spend(stream, START_STREAM_ENCRYPTION, at_ms)), encryption_key=key_id)


def stop_encryption(stream: StreamInfo, at_ms: int) -> StreamInfo:
    check_active(stream)
    return _replace(_updating(spend(stream, STOP_STREAM_ENCRYPTION, at_ms)), encryption_key=None)


class ShardMetric(StrEnum):
    """CloudWatch's metrics of a shard, and ALL of them; in AWS's order."""

    INCOMING_BYTES = "IncomingBytes"
    INCOMING_RECORDS = "IncomingRecords"
    OUTGOING_BYTES = "OutgoingBytes"
    OUTGOING_RECORDS = "OutgoingRecords"
    WRITE_PROVISIONED_THROUGHPUT_EXCEEDED = "WriteProvisionedThroughputExceeded"
    READ_PROVISIONED_THROUGHPUT_EXCEEDED = "ReadProvisionedThroughputExceeded"
    ITERATOR_AGE_MILLISECONDS = "IteratorAgeMilliseconds"
    ALL = "ALL"


def enable_monitoring(stream: StreamInfo, at_ms: int, *, metrics: Iterable[ShardMetric]) -> StreamInfo:
    return _replace(_updating(stream), shard_metrics=_ordered({*stream.shard_metrics, *_expanded(metrics)}))


def disable_monitoring(stream: StreamInfo, at_ms: int, *, metrics: Iterable[ShardMetric]) -> StreamInfo:
    return _replace(_updating(stream), shard_metrics=_ordered(set(stream.shard_metrics) - _expanded(metrics)))


def _expanded(metrics: Iterable[ShardMetric]) -> set[str]:
    given = {str(metric) for metric in metrics}
    return {str(metric) for metric in ShardMetric} - {ShardMetric.ALL} if ShardMetric.ALL in given else given


def _ordered(metrics: set[str]) -> tuple[str, ...]:
    return tuple(str(metric) for metric in ShardMetric if metric in metrics)


def set_max_record_bytes(stream: StreamInfo, at_ms: int, *, size_bytes: int) -> StreamInfo:
    """Records that were larger when they were stored stay readable."""
    return _replace(_updating(stream), max_record_bytes=size_bytes)


def set_policy(stream: StreamInfo, at_ms: int, *, policy: str | None) -> StreamInfo:
    """Keeps a resource policy; None removes it. Whom it lets in is decided at the doors."""
    check_policy(policy)
    return _replace(stream, policy=policy)


def check_policy(policy: str | None) -> None:
    """Raises InvalidArgument for what is no JSON object."""
    try:
        is_object = policy is None or isinstance(msgspec.json.decode(policy), dict)
    except msgspec.DecodeError:
        is_object = False
    if not is_object:
        raise InvalidArgument("The resource policy is not a valid JSON document.")


# ---------------------------------------------------------------- modes


def switch_mode(stream: StreamInfo, at_ms: int, *, mode: StreamMode) -> StreamInfo:
    """UpdateStreamMode: the shards stay as they are. A switch to the mode that it has already changes nothing."""
    check_active(stream)
    if stream.mode is mode:
        return stream
    switched = _updating(spend(stream, UPDATE_STREAM_MODE, at_ms))
    return _replace(switched, mode=mode, warm_throughput_mibps=None)


def check_on_demand(stream: StreamInfo) -> None:
    """Raises ValidationFailed for a stream whose shards are counted by its owner."""
    if stream.mode is not StreamMode.ON_DEMAND:
        raise ValidationFailed(
            f"Request is invalid. Stream {stream.name} under account {stream.account} is not in On-Demand mode."
        )
