"""Queues as event sources: what is not for them, what has to be, and where to find one."""

from __future__ import annotations

from typing import Any, Final

from runtime.api.lambda_.event_sources import Options, on_failure_of, unsupported
from runtime.app import Functions
from runtime.errors import InvalidValueError, NotFoundError, QueueError
from runtime.model.event_source_mapping import MappingRecord
from runtime.model.names import FunctionRef

#: Members that are for streams, by the name of the field.
STREAM_ONLY: Final = (
    "parallelization_factor",
    "maximum_record_age_in_seconds",
    "bisect_batch_on_function_error",
    "maximum_retry_attempts",
    "tumbling_window_in_seconds",
)


def check_queue_options(input_: Options) -> None:
    """Refuses what is for streams. Raises InvalidValueError."""
    for name in STREAM_ONLY:
        if getattr(input_, name) is not None:
            raise unsupported(_told(name))
    if on_failure_of(input_):
        raise unsupported("DestinationConfig")


def check_no_position(position: Any, timestamp: Any) -> None:
    """Raises InvalidValueError: a queue is read from its beginning."""
    if position is not None:
        raise InvalidValueError("StartingPosition is not valid for SQS event sources.")
    if timestamp is not None:
        raise InvalidValueError("StartingPositionTimestamp is not valid for SQS event sources.")


def check_queue(functions: Functions, record: MappingRecord) -> None:
    """The queue is there, and hides messages at least as long as the function may run. Raises InvalidValueError."""
    try:
        queue = functions.event_source_mappings.queues(record.config.stream).record
    except QueueError as error:
        raise InvalidValueError(
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
            f"SQS Error Message: {error}"
        ) from None
    visibility_s, timeout_s = queue.number("VisibilityTimeout"), _timeout_s(functions, record)
    if visibility_s < timeout_s:
        raise InvalidValueError(
            f"Queue visibility timeout: {visibility_s} seconds is less than Function timeout: {timeout_s} seconds"
        )


def _timeout_s(functions: Functions, record: MappingRecord) -> int:
    """0 for a function that is not there: what it may take is not known before it is."""
    try:
        return functions.catalog.configuration(FunctionRef(record.function, record.qualifier)).timeout_s
    except NotFoundError:
        return 0


def _told(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
