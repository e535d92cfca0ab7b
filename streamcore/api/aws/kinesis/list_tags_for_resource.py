"""ListTagsForResource: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListTagsForResource.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.resources import ResourceARN, tags_of
from streamcore.api.aws.kinesis.shapes import KINESIS
from streamcore.api.aws.kinesis.tags import Tag, tag_list
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape


class ListTagsForResourceInput(Shape, frozen=True, kw_only=True):
    resource_arn: ResourceARN


class ListTagsForResourceOutput(Shape, frozen=True, kw_only=True):
    tags: list[Tag]


@KINESIS.action("ListTagsForResource")
async def list_tags_for_resource(call: Call, input_: ListTagsForResourceInput) -> ListTagsForResourceOutput:
    """All tags of a stream or a consumer, in the order of their keys."""
    return ListTagsForResourceOutput(tags=tag_list(tags_of(call, input_.resource_arn)))
