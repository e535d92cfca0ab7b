"""UntagResource: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UntagResource.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.resources import ResourceARN, retag
from streamcore.api.aws.kinesis.shapes import KINESIS
from streamcore.api.aws.kinesis.tags import TagKeys
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape


class UntagResourceInput(Shape, frozen=True, kw_only=True):
    tag_keys: TagKeys
    resource_arn: ResourceARN


@KINESIS.action("UntagResource")
async def untag_resource(call: Call, input_: UntagResourceInput) -> None:
    """Removes tags from a stream or a consumer; one that is not there is ignored."""
    await retag(call, input_.resource_arn, remove=input_.tag_keys)
