"""What a receipt handle may do, and entries of batches that have one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from runtime.api.sqs.shapes import BatchResultErrorEntry, IdOnly, SqsShape, failed, required
from runtime.errors import QueueError, invalid_parameter
from runtime.model.queue import Standing
from runtime.model.queue_message import Handle, check_batch_ids
from runtime.queues.queue import Queue


class Identified(Protocol):
    @property
    def id(self) -> str | None: ...


E_ = TypeVar("E_", bound=Identified)
O_ = TypeVar("O_", bound="BatchOutput")


class BatchOutput(SqsShape, frozen=True, kw_only=True):
    """Of batches whose entries have no answers of their own."""

    successful: list[IdOnly] | None = None
    failed: list[BatchResultErrorEntry] | None = None


def check_deletable(queue: Queue, handle: Handle) -> None:
    """Raises QueueError: in a FIFO queue a handle is of no use once its message has become visible again. In a standard
    queue any handle of a message will do."""
    message = queue.state.messages.get(handle.number)
    if message is None or not queue.record.is_fifo:
        return
    queue.advance()
    if message.standing is not Standing.FLYING or message.received != handle.receive:
        raise invalid_parameter(
            f"Value {handle.text()} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
        )


def each_entry(output: type[O_], entries: Sequence[E_] | None, act: Callable[[E_], None]) -> O_:
    """Acts on each entry; what raises QueueError is told in its place."""
    given = entries or []
    check_batch_ids([str(required("Id", entry.id)) for entry in given])
    done, refused = [], []
    for entry in given:
        try:
            act(entry)
            done.append(IdOnly(id=str(entry.id)))
        except QueueError as error:
            refused.append(failed(str(entry.id), error))
    return output(successful=done or None, failed=refused or None)
