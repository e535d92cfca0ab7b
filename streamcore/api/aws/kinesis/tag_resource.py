"""TagResource: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_TagResource.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.resources import ResourceARN, retag
from streamcore.api.aws.kinesis.shapes import KINESIS
from streamcore.api.aws.kinesis.tags import Tags
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape


class TagResourceInput(Shape, frozen=True, kw_only=True):
    tags: Tags
    resource_arn: ResourceARN


@KINESIS.action("TagResource")
async def tag_resource(call: Call, input_: TagResourceInput) -> None:
    """Adds tags to a stream or a consumer, or replaces the values of those there are."""
    await retag(call, input_.resource_arn, add=input_.tags)
