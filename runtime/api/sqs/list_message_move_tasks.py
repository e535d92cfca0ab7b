"""ListMessageMoveTasks: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasks.html"""

from __future__ import annotations

from runtime.api.sqs.moving import handle_of_task, queue_at
from runtime.api.sqs.shapes import SQS, SqsShape, required
from runtime.model.queue_message import check_range
from runtime.queues.moves import KEPT, MoveTask
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class ListMessageMoveTasksInput(SqsShape, frozen=True, kw_only=True):
    source_arn: str | None = None
    max_results: int | None = None


class ListMessageMoveTasksResultEntry(SqsShape, frozen=True, kw_only=True):
    task_handle: str | None = None
    status: str
    source_arn: str
    destination_arn: str | None = None
    max_number_of_messages_per_second: int | None = None
    approximate_number_of_messages_moved: int
    approximate_number_of_messages_to_move: int
    failure_reason: str | None = None
    started_timestamp: int


class ListMessageMoveTasksOutput(SqsShape, frozen=True, kw_only=True):
    results: list[ListMessageMoveTasksResultEntry] | None = None


@SQS.action("ListMessageMoveTasks")
async def list_message_move_tasks(
    queues: Queues, call: Call, input_: ListMessageMoveTasksInput
) -> ListMessageMoveTasksOutput:
    """The latest first, one unless more are asked for."""
    most = 1 if input_.max_results is None else input_.max_results
    check_range("MaxResults", most, 1, KEPT)
    tasks = queues.moves.of(queue_at(queues, "SourceArn", required("SourceArn", input_.source_arn)))
    return ListMessageMoveTasksOutput(results=[_entry(task) for task in tasks[:most]] or None)


def _entry(task: MoveTask) -> ListMessageMoveTasksResultEntry:
    return ListMessageMoveTasksResultEntry(
        task_handle=handle_of_task(task) if task.status == "RUNNING" else None,
        status=task.status,
        source_arn=task.source.record.arn,
        destination_arn=task.target.record.arn if task.target else None,
        max_number_of_messages_per_second=task.per_second or None,
        approximate_number_of_messages_moved=task.moved,
        approximate_number_of_messages_to_move=task.to_move,
        failure_reason=task.failure or None,
        started_timestamp=task.started_ms,
    )
