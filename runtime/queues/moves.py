"""Tasks that move dead letters back to where they came from, or to another queue.

What a task has moved is moved for good; the task itself is forgotten at a restart, as nothing is lost by that. Source:
SQS API reference, StartMessageMoveTask.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from typing import TYPE_CHECKING, Final

from runtime.errors import QueueError
from runtime.queues.queue import Queue
from streamcore.broker import Broker
from streamcore.clock import sleep_until_ms
from streamcore.errors import StreamcoreError

if TYPE_CHECKING:
    from runtime.queues.service import Queues

log = logging.getLogger(__name__)

#: Messages that are moved in one commit.
BATCH: Final = 100
#: Tasks of a queue that are remembered.
KEPT: Final = 10


class MoveTask:
    """`per_second` 0 is as fast as can be; `status` is AWS's word."""

    def __init__(self, source: Queue, target: Queue | None, per_second: int, now_ms: int) -> None:
        self.id = str(uuid.uuid4())
        self.source = source
        self.target = target
        self.per_second = per_second
        self.started_ms = now_ms
        self.status = "RUNNING"
        self.failure = ""
        self.moved = 0
        self.to_move = source.state.visible

    def __repr__(self) -> str:
        return f"<MoveTask {self.source.record.name} {self.status}, {self.moved} of {self.to_move}>"


class Moves:
    """The tasks of all queues."""

    def __init__(self, broker: Broker, queues: Queues) -> None:
        self._clock = broker.clock
        self._queues = queues
        self._tasks: dict[str, deque[MoveTask]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    async def close(self) -> None:
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def of(self, source: Queue) -> list[MoveTask]:
        """The latest first."""
        return list(self._tasks.get(source.record.id, ()))

    def start(self, source: Queue, target: Queue | None, per_second: int) -> MoveTask:
        """Raises QueueError: UnsupportedOperation while one runs."""
        if any(task.status == "RUNNING" for task in self.of(source)):
            raise QueueError(
                "UnsupportedOperation",
                "There is already a task running. Only one active task is allowed for a source queue arn at a given "
                "time.",
            )
        source.advance()
        task = MoveTask(source, target, per_second, self._clock.now_ms())
        self._tasks.setdefault(source.record.id, deque(maxlen=KEPT)).appendleft(task)
        self._running[task.id] = asyncio.get_running_loop().create_task(self._run(task))
        return task

    def cancel(self, task_id: str, source_arn: str) -> MoveTask:
        """What was moved stays moved. Raises QueueError: ResourceNotFoundException, also for a task of another
        source."""
        for tasks in self._tasks.values():
            for task in tasks:
                if (task.id, task.source.record.arn) == (task_id, source_arn) and task.status == "RUNNING":
                    task.status = "CANCELLED"
                    return task
        raise QueueError("ResourceNotFoundException", "Task does not exist.")

    async def _run(self, task: MoveTask) -> None:
        """As many messages as there were at its start."""
        try:
            while task.status == "RUNNING" and task.moved < task.to_move and not task.source.is_deleted:
                begun_ms = self._clock.now_ms()
                most = min(task.per_second or BATCH, BATCH, task.to_move - task.moved)
                count = await self._queues.move(task.source, task.target, most)
                task.moved += count
                if not count:
                    break
                if task.per_second:
                    await sleep_until_ms(self._clock, begun_ms + 1000 * count // task.per_second)
            if task.status == "RUNNING":
                task.status = "COMPLETED"
        except (QueueError, StreamcoreError) as error:
            task.status, task.failure = "FAILED", str(error)
            log.warning("dead letters of %s are not moved: %s", task.source.record.name, error)
        finally:
            self._running.pop(task.id, None)
