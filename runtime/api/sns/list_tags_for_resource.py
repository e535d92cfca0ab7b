"""ListTagsForResource: https://docs.aws.amazon.com/sns/latest/api/API_ListTagsForResource.html"""

from __future__ import annotations

from runtime.api.sns.shapes import SNS, ResourceArn, SnsShape, Tag, tagged
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class ListTagsForResourceInput(SnsShape, frozen=True, kw_only=True):
    resource_arn: ResourceArn


class ListTagsForResourceOutput(SnsShape, frozen=True, kw_only=True):
    tags: list[Tag]


@SNS.action("ListTagsForResource")
async def list_tags_for_resource(
    topics: Topics, call: Call, input_: ListTagsForResourceInput
) -> ListTagsForResourceOutput:
    """The tags of a topic."""
    topic = tagged(topics, input_.resource_arn)
    return ListTagsForResourceOutput(tags=[Tag(key=key, value=value) for key, value in sorted(topic.tags.items())])
