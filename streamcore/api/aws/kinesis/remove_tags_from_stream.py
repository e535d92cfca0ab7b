"""RemoveTagsFromStream: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RemoveTagsFromStream.html"""

from __future__ import annotations

from functools import partial

from streamcore.api.aws.kinesis.changes import change
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN, StreamName
from streamcore.api.aws.kinesis.tags import TagKeys
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.model.control import remove_tags


class RemoveTagsFromStreamInput(Shape, frozen=True, kw_only=True):
    tag_keys: TagKeys
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


@KINESIS.action("RemoveTagsFromStream")
async def remove_tags_from_stream(call: Call, input_: RemoveTagsFromStreamInput) -> None:
    """Removes tags; "if you specify a tag that does not exist, it is ignored"."""
    await change(call, input_, partial(remove_tags, keys=input_.tag_keys))
