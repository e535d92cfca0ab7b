"""CancelMessageMoveTask: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CancelMessageMoveTask.html"""

from __future__ import annotations

from runtime.api.sqs.moving import id_of_task, source_of_handle
from runtime.api.sqs.shapes import SQS, SqsShape, required
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class CancelMessageMoveTaskInput(SqsShape, frozen=True, kw_only=True):
    task_handle: str | None = None


class CancelMessageMoveTaskOutput(SqsShape, frozen=True, kw_only=True):
    approximate_number_of_messages_moved: int


@SQS.action("CancelMessageMoveTask")
async def cancel_message_move_task(
    queues: Queues, call: Call, input_: CancelMessageMoveTaskInput
) -> CancelMessageMoveTaskOutput:
    """What was moved stays moved."""
    handle = required("TaskHandle", input_.task_handle)
    task = queues.moves.cancel(id_of_task(handle), source_of_handle(handle))
    return CancelMessageMoveTaskOutput(approximate_number_of_messages_moved=task.moved)
