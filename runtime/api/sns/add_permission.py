"""AddPermission: https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html"""

from __future__ import annotations

import json

import msgspec

from runtime.api.sns.shapes import SNS, SnsShape
from runtime.model.topic import ATTRIBUTE_MAX_BYTES, invalid, policy_of
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class AddPermissionInput(SnsShape, frozen=True, kw_only=True):
    topic_arn: str
    label: str
    aws_account_id: list[str] = msgspec.field(name="AWSAccountId")
    action_name: list[str]


@SNS.action("AddPermission")
async def add_permission(topics: Topics, call: Call, input_: AddPermissionInput) -> None:
    """A statement of the policy, which decides where authentication is on."""
    async with topics.changing:
        topic = topics.topic(input_.topic_arn)
        policy = policy_of(topic)
        if any(each.get("Sid") == input_.label for each in policy["Statement"]):
            raise invalid("Statement already exists")
        policy["Statement"].append(
            {
                "Sid": input_.label,
                "Effect": "Allow",
                "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in input_.aws_account_id]},
                "Action": [f"SNS:{action}" for action in input_.action_name],
                "Resource": topic.arn,
            }
        )
        text = json.dumps(policy, separators=(",", ":"))
        if len(text.encode()) > ATTRIBUTE_MAX_BYTES:
            raise invalid("Policy Reason: the policy is too long")
        await topics.change(msgspec.structs.replace(topic, attributes=topic.attributes | {"Policy": text}))
