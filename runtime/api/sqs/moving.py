"""What the actions about message move tasks share."""

from __future__ import annotations

import base64

import msgspec

from runtime.errors import QueueError, invalid_parameter
from runtime.queues.moves import MoveTask
from runtime.queues.queue import Queue
from runtime.queues.service import Queues


class _Handle(msgspec.Struct, rename="camel"):
    task_id: str
    source_arn: str


def handle_of_task(task: MoveTask) -> str:
    text = msgspec.json.encode(_Handle(task.id, task.source.record.arn))
    return base64.b64encode(text).decode()


def id_of_task(handle: str) -> str:
    """Raises QueueError."""
    return _read(handle).task_id


def source_of_handle(handle: str) -> str:
    """The ARN of the queue that messages are moved from, as the handle says. Raises QueueError."""
    return _read(handle).source_arn


def _read(handle: str) -> _Handle:
    try:
        return msgspec.json.decode(base64.b64decode(handle, validate=True), type=_Handle)
    except (ValueError, msgspec.MsgspecError):
        raise invalid_parameter("Value for parameter TaskHandle is invalid.") from None


def queue_at(queues: Queues, parameter: str, arn: str) -> Queue:
    """Raises QueueError: ResourceNotFoundException."""
    try:
        return queues.at(arn)
    except QueueError:
        raise QueueError(
            "ResourceNotFoundException",
            f"The resource that you specified for the {parameter} parameter doesn't exist.",
        ) from None
