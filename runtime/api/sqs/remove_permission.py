"""RemovePermission: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_RemovePermission.html"""

from __future__ import annotations

import json

import msgspec

from runtime.api.sqs.shapes import SQS, SqsShape, queue_of, required
from runtime.errors import invalid_parameter
from runtime.model.queue_settings import policy_of
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class RemovePermissionInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None
    label: str | None = None


@SQS.action("RemovePermission")
async def remove_permission(queues: Queues, call: Call, input_: RemovePermissionInput) -> None:
    """A statement of the policy by its label; with the last one the policy goes."""
    label = required("Label", input_.label)
    async with queues.changing:
        queue = queue_of(queues, call, input_.queue_url)
        policy = policy_of(queue.record)
        left = [each for each in policy["Statement"] if each.get("Sid") != label]
        if len(left) == len(policy["Statement"]):
            raise invalid_parameter(
                f"Value {label} for parameter Label is invalid. Reason: can't find label on existing policy."
            )
        attributes = {name: value for name, value in queue.record.attributes.items() if name != "Policy"}
        if left:
            attributes["Policy"] = json.dumps(policy | {"Statement": left}, separators=(",", ":"))
        await queues.change(queue, msgspec.structs.replace(queue.record, attributes=attributes))
