"""AddPermission: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html"""

from __future__ import annotations

import json

import msgspec

from runtime.api.sqs.shapes import SQS, SqsShape, queue_of, required
from runtime.errors import QueueError, invalid_parameter
from runtime.model.queue_settings import POLICY_MAX_BYTES, policy_of
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call


class AddPermissionInput(SqsShape, frozen=True, kw_only=True):
    queue_url: str | None = None
    label: str | None = None
    aws_account_ids: list[str] | None = msgspec.field(name="AWSAccountIds", default=None)
    actions: list[str] | None = None


@SQS.action("AddPermission")
async def add_permission(queues: Queues, call: Call, input_: AddPermissionInput) -> None:
    """A statement of the policy, which decides where authentication is on."""
    label = required("Label", input_.label)
    accounts = required("AWSAccountIds", input_.aws_account_ids or None)
    actions = required("Actions", input_.actions or None)
    if len(actions) > 7:
        raise QueueError("OverLimit", f"{len(actions)} Actions were found, maximum allowed is 7.")
    async with queues.changing:
        queue = queue_of(queues, call, input_.queue_url)
        policy = policy_of(queue.record)
        if any(each.get("Sid") == label for each in policy["Statement"]):
            raise invalid_parameter(f"Value {label} for parameter Label is invalid. Reason: Already exists.")
        policy["Statement"].append(
            {
                "Sid": label,
                "Effect": "Allow",
                "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in accounts]},
                "Action": [f"SQS:{action}" for action in actions],
                "Resource": queue.record.arn,
            }
        )
        text = json.dumps(policy, separators=(",", ":"))
        if len(text.encode()) > POLICY_MAX_BYTES:
            raise QueueError("OverLimit", f"The policy is more than {POLICY_MAX_BYTES} bytes.")
        attributes = queue.record.attributes | {"Policy": text}
        await queues.change(queue, msgspec.structs.replace(queue.record, attributes=attributes))
