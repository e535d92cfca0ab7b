"""StartMessageMoveTask: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html"""

from __future__ import annotations

from runtime.api.sqs.moving import handle_of_task, queue_at
from runtime.api.sqs.shapes import SQS, SqsShape, required
from runtime.errors import QueueError, invalid_parameter
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class StartMessageMoveTaskInput(SqsShape, frozen=True, kw_only=True):
    source_arn: str | None = None
    destination_arn: str | None = None
    max_number_of_messages_per_second: int | None = None


class StartMessageMoveTaskOutput(SqsShape, frozen=True, kw_only=True):
    task_handle: str


@SQS.action("StartMessageMoveTask")
async def start_message_move_task(
    queues: Queues, call: Call, input_: StartMessageMoveTaskInput
) -> StartMessageMoveTaskOutput:
    """Moves the messages that are visible now."""
    source = queue_at(queues, "SourceArn", required("SourceArn", input_.source_arn))
    target = queue_at(queues, "DestinationArn", input_.destination_arn) if input_.destination_arn else None
    most = input_.max_number_of_messages_per_second
    if most is not None and not 1 <= most <= 500:
        raise invalid_parameter(
            f"Value {most} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and 500."
        )
    sources = queues.sources_of(source)
    if target is None and call.grant is not None:
        origins = {message.source for message in source.state.messages.values() if message.source}
        for arn in sorted({each.record.arn for each in sources} | origins):
            call.grant.check("sqs:SendMessage", arn, is_data=True)
    if not sources:
        raise invalid_parameter("Source queue must be configured as a Dead Letter Queue.")
    if target is not None and (target is source or target.record.is_fifo != source.record.is_fifo):
        raise QueueError("UnsupportedOperation", "The destination must be another queue of the same type.")
    return StartMessageMoveTaskOutput(task_handle=handle_of_task(queues.moves.start(source, target, most or 0)))
