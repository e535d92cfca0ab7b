"""A queue as an event source of functions: what event source mappings ask of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from runtime.model.queue import Message, Standing
from runtime.model.queue_settings import QueueRecord
from runtime.queues.queue import Queue
from runtime.queues.service import Queues, Received

#: A year: whoever waits that long is woken by a message.
_FOREVER_MS: Final = 366 * 86_400_000


class QueueSource:
    """Receives and deletes on behalf of a mapping. A deleted queue of the same name is another one."""

    def __init__(self, queues: Queues, queue: Queue) -> None:
        self._queues = queues
        self._queue = queue

    def __repr__(self) -> str:
        return f"<QueueSource {self._queue!r}>"

    @property
    def record(self) -> QueueRecord:
        """As it is now."""
        return self._queue.record

    @property
    def is_open(self) -> bool:
        """False when the queue is deleted, or the queues stop: nothing is received any more."""
        return not self._queue.is_deleted and not self._queues.is_draining

    def counts(self) -> tuple[int, int, int]:
        """Messages that are visible, in flight, delayed."""
        return self._queues.counts(self._queue)

    async def receive(self, count: int, wait_ms: int | None) -> list[Received]:
        """Waits for the first message, for ever with None. Nothing when the time is over or the queues stop.

        Raises QueueError: QueueDoesNotExist, OverLimit.
        """
        return await self._queues.receive(self._queue, count, wait_ms=_FOREVER_MS if wait_ms is None else wait_ms)

    async def delete(self, messages: Sequence[Message]) -> None:
        """Durable on return. What somebody else has received since is left alone in a FIFO queue, as a receipt handle
        is of no use then; in a standard queue it is deleted, as any handle will do."""
        self._queue.advance()
        numbers = [message.number for message in messages if not self.record.is_fifo or self._is_held(message)]
        await self._queues.delete_messages(self._queue, numbers)

    def put_back(self, messages: Sequence[Message]) -> None:
        """Nobody saw them: they are there again, and that they were received does not count."""
        self._queues.put_back(self._queue, messages)

    def _is_held(self, message: Message) -> bool:
        present = self._queue.state.messages.get(message.number)
        return present is not None and present.standing is Standing.FLYING and present.received == message.received


def sources(queues: Queues) -> Callable[[str], QueueSource]:
    """The source of an ARN. That raises QueueError: QueueDoesNotExist."""
    return lambda arn: QueueSource(queues, queues.at(arn))
