"""RemovePermission: https://docs.aws.amazon.com/sns/latest/api/API_RemovePermission.html"""

from __future__ import annotations

import json

import msgspec

from runtime.api.sns.shapes import SNS, SnsShape
from runtime.errors import TopicError
from runtime.model.topic import policy_of
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class RemovePermissionInput(SnsShape, frozen=True, kw_only=True):
    topic_arn: str
    label: str


@SNS.action("RemovePermission")
async def remove_permission(topics: Topics, call: Call, input_: RemovePermissionInput) -> None:
    """A statement of the policy by its label; with the last one the default is back."""
    async with topics.changing:
        topic = topics.topic(input_.topic_arn)
        policy = policy_of(topic)
        left = [each for each in policy["Statement"] if each.get("Sid") != input_.label]
        if len(left) == len(policy["Statement"]):
            raise TopicError("NotFound", "Statement does not exist")
        attributes = {name: value for name, value in topic.attributes.items() if name != "Policy"}
        if left:
            attributes["Policy"] = json.dumps(policy | {"Statement": left}, separators=(",", ":"))
        await topics.change(msgspec.structs.replace(topic, attributes=attributes))
