"""Every error the broker raises: a class is the code, its docstring is the message, its fields are typed data.

The HTTP doors translate them by one table each (`api/aws/errors.py`, `api/native.py`); an error that is in no table is
an internal fault and gets logged.
"""

from __future__ import annotations

from typing import ClassVar


class StreamcoreError(Exception):
    """The broker could not do what was asked."""

    #: Stable, machine-readable name; the native API sends it as `error`.
    code: ClassVar[str] = "internal"

    def __init__(self, **data: str | int) -> None:
        self.data = data
        template = type(self).__doc__ or ""
        super().__init__(template.format_map(data) if data else template)


class MessageError(StreamcoreError):
    """{message}"""

    def __init__(self, message: str, **data: str | int) -> None:
        super().__init__(message=message, **data)


# ---------------------------------------------------------------- what the caller asked for is wrong


class InvalidArgument(MessageError):
    """{message}"""

    code = "invalid_argument"


class ValidationFailed(MessageError):
    """{message}"""

    code = "validation_failed"


class RecordTooLarge(StreamcoreError):
    """Record of {size_bytes} bytes is larger than the {limit_bytes} bytes that stream {stream} takes."""

    code = "record_too_large"


class StreamNotFound(StreamcoreError):
    """Stream {stream} under account {account} not found."""

    code = "stream_not_found"


class ShardNotFound(StreamcoreError):
    """Shard {shard} in stream {stream} under account {account} does not exist"""

    code = "shard_not_found"


class ResourceNotFound(MessageError):
    """{message}"""

    code = "resource_not_found"


class StreamExists(StreamcoreError):
    """Stream {stream} under account {account} already exists."""

    code = "stream_exists"


class StreamNotActive(StreamcoreError):
    """Stream {stream} under account {account} not ACTIVE, instead in state {status}"""

    code = "stream_not_active"


class ResourceInUse(MessageError):
    """{message}"""

    code = "resource_in_use"


class LimitExceeded(MessageError):
    """{message}"""

    code = "limit_exceeded"


class ThroughputExceeded(StreamcoreError):
    """Rate exceeded for shard {shard} in stream {stream} under account {account}."""

    code = "throughput_exceeded"


class IteratorExpired(StreamcoreError):
    """Iterator expired. The iterator was created at time {created} while right now it is {now} which is further in the future than the tolerated delay of {tolerated_ms} milliseconds."""  # noqa: E501  AWS's text, one line

    code = "iterator_expired"


class TokenExpired(MessageError):
    """{message}"""

    code = "token_expired"


class ProducerBatchTooOld(StreamcoreError):
    """Batch {batch} of producer {producer} is older than the {window} batches whose answers are kept."""

    code = "producer_batch_too_old"


# ---------------------------------------------------------------- the broker cannot do it now


class Overloaded(StreamcoreError):
    """The broker has {pending_bytes} bytes waiting to be written, its bound is {limit_bytes}; try again."""

    code = "overloaded"


class StorageFull(StreamcoreError):
    """No space left for writing on the volume at {path}; nothing of this request was stored, reading goes on."""

    code = "storage_full"


class StorageFailed(StreamcoreError):
    """The volume at {path} stopped writing after a failed sync ({reason}); reading goes on, a restart reopens it."""

    code = "storage_failed"


class BrokerClosed(StreamcoreError):
    """The broker is closed."""

    code = "closed"


# ---------------------------------------------------------------- it cannot start


class StartError(StreamcoreError):
    """The broker cannot start."""

    code = "start"


class StorageLocked(StartError):
    """The data folder {path} is in use by another broker (process {pid}); one folder belongs to one broker."""


class StorageFormat(StartError):
    """The data folder {path} has format {found}; this version reads format {expected}."""


class StorageUnavailable(StartError):
    """The volume at {path} cannot be opened: {reason}"""


class StorageCorrupt(StreamcoreError):
    """Block {first_index} of shard {shard} does not match its checksum; the volume at {path} is damaged."""

    code = "storage_corrupt"


class ConfigError(StartError, MessageError):
    """{message}"""
