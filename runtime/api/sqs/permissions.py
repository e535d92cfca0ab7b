"""What the actions of SQS need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from runtime.api.sqs.moving import source_of_handle
from runtime.api.sqs.shapes import key_of_url
from runtime.errors import QueueError
from streamcore.api.aws.permissions import Permission, Permissions, everything, table
from streamcore.api.aws.service import Call


def _arn(account: str, region: str, name: str) -> str:
    return f"arn:aws:sqs:{region}:{account}:{name}"


def queue(input_: Any, call: Call) -> Sequence[str]:
    """The queue that a URL means, however it is spelled."""
    url = input_.queue_url
    return (_arn(*key_of_url(call, url)),) if url else ("*",)


def _named(input_: Any, call: Call) -> Sequence[str]:
    """By name, of the caller or of the account that is told."""
    account = getattr(input_, "queue_owner", None) or call.scope.account
    return (_arn(account, call.scope.region, input_.queue_name),) if input_.queue_name else ("*",)


def spelled(arn: str | None) -> str:
    """The one spelling of a queue's ARN: others find it as well."""
    parts = (arn or "").split(":")
    return _arn(parts[4], parts[3], parts[5]) if len(parts) == 6 and parts[2] == "sqs" else "*"


def _source(input_: Any, call: Call) -> Sequence[str]:
    return (spelled(input_.source_arn),)


def _destination(input_: Any, call: Call) -> Sequence[str]:
    return (spelled(input_.destination_arn),)


def _of_task(input_: Any, call: Call) -> Sequence[str]:
    try:
        return (spelled(source_of_handle(input_.task_handle or "")),)
    except QueueError:
        return ("*",)


#: Messages that are moved are received, deleted and sent. Without a destination the action itself asks about the queues
#: that they came from.
_MOVES: Final = (
    Permission("sqs:ReceiveMessage", _source),
    Permission("sqs:DeleteMessage", _source),
    Permission("sqs:GetQueueAttributes", _source),
    Permission("sqs:SendMessage", _destination, when=lambda input_: bool(input_.destination_arn)),
)
_ACTIONS: Final = table(
    "sqs",
    {
        queue: "AddPermission ChangeMessageVisibility DeleteMessage DeleteQueue GetQueueAttributes "
        "ListDeadLetterSourceQueues ListQueueTags PurgeQueue ReceiveMessage RemovePermission SendMessage "
        "SetQueueAttributes TagQueue UntagQueue",
        _named: "CreateQueue GetQueueUrl",
        _source: "ListMessageMoveTasks",
        _of_task: "CancelMessageMoveTask",
        everything: "ListQueues",
    },
    data="ChangeMessageVisibility DeleteMessage ReceiveMessage SendMessage",
) | {
    "ChangeMessageVisibilityBatch": Permission("sqs:ChangeMessageVisibility", queue, is_data=True),
    "DeleteMessageBatch": Permission("sqs:DeleteMessage", queue, is_data=True),
    "SendMessageBatch": Permission("sqs:SendMessage", queue, is_data=True),
    "StartMessageMoveTask": Permission("sqs:StartMessageMoveTask", _source, also=_MOVES),
}

PERMISSIONS: Final = Permissions("sqs", _ACTIONS)
