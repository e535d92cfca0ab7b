"""AddTagsToStream: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_AddTagsToStream.html"""

from __future__ import annotations

from functools import partial

from streamcore.api.aws.kinesis.changes import change
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN, StreamName
from streamcore.api.aws.kinesis.tags import Tags
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.model.control import add_tags


class AddTagsToStreamInput(Shape, frozen=True, kw_only=True):
    tags: Tags
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


@KINESIS.action("AddTagsToStream")
async def add_tags_to_stream(call: Call, input_: AddTagsToStreamInput) -> None:
    """Adds tags, or replaces the values of those there are."""
    await change(call, input_, partial(add_tags, tags=input_.tags))
