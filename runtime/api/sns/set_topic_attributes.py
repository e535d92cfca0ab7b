"""SetTopicAttributes: https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html"""

from __future__ import annotations

import msgspec

from runtime.api.sns.shapes import SNS, SnsShape
from runtime.model.topic import topic_attributes
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class SetTopicAttributesInput(SnsShape, frozen=True, kw_only=True):
    topic_arn: str
    attribute_name: str
    attribute_value: str | None = None


@SNS.action("SetTopicAttributes")
async def set_topic_attributes(topics: Topics, call: Call, input_: SetTopicAttributesInput) -> None:
    """One of them; without a value it is as if it had never been set."""
    async with topics.changing:
        topic = topics.topic(input_.topic_arn)
        given = {input_.attribute_name: input_.attribute_value or ""}
        kept = topic_attributes(given, is_fifo=topic.is_fifo, is_new=False)
        attributes = {name: value for name, value in (topic.attributes | kept).items() if value}
        await topics.change(msgspec.structs.replace(topic, attributes=attributes))
