"""UntagResource: https://docs.aws.amazon.com/sns/latest/api/API_UntagResource.html"""

from __future__ import annotations

import msgspec

from runtime.api.sns.shapes import SNS, ResourceArn, SnsShape, TagKey, tagged
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class UntagResourceInput(SnsShape, frozen=True, kw_only=True):
    resource_arn: ResourceArn
    tag_keys: list[TagKey]


class UntagResourceOutput(SnsShape, frozen=True, kw_only=True):
    """Nothing is told."""


@SNS.action("UntagResource")
async def untag_resource(topics: Topics, call: Call, input_: UntagResourceInput) -> UntagResourceOutput:
    """Tags that are not there are as good as removed."""
    async with topics.changing:
        topic = tagged(topics, input_.resource_arn)
        tags = {key: value for key, value in topic.tags.items() if key not in set(input_.tag_keys)}
        await topics.change(msgspec.structs.replace(topic, tags=tags))
    return UntagResourceOutput()
