"""TagResource: https://docs.aws.amazon.com/sns/latest/api/API_TagResource.html"""

from __future__ import annotations

import msgspec

from runtime.api.sns.shapes import SNS, ResourceArn, SnsShape, Tag, tagged
from runtime.model.topic import check_tags
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class TagResourceInput(SnsShape, frozen=True, kw_only=True):
    resource_arn: ResourceArn
    tags: list[Tag]


class TagResourceOutput(SnsShape, frozen=True, kw_only=True):
    """Nothing is told."""


@SNS.action("TagResource")
async def tag_resource(topics: Topics, call: Call, input_: TagResourceInput) -> TagResourceOutput:
    """Adds tags to a topic."""
    async with topics.changing:
        topic = tagged(topics, input_.resource_arn)
        tags = topic.tags | {tag.key: tag.value for tag in input_.tags}
        check_tags(tags)
        await topics.change(msgspec.structs.replace(topic, tags=tags))
    return TagResourceOutput()
