"""ListTagsForStream: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListTagsForStream.html"""

from __future__ import annotations

from typing import Annotated

from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN, StreamName, find_stream
from streamcore.api.aws.kinesis.tags import Tag, TagKey, tag_list
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, number
from streamcore.model.control import TAGS_MAX


class ListTagsForStreamInput(Shape, frozen=True, kw_only=True):
    limit: Annotated[int, number(1, TAGS_MAX)] | None = None
    exclusive_start_tag_key: TagKey | None = None
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


class ListTagsForStreamOutput(Shape, frozen=True, kw_only=True):
    tags: list[Tag]
    has_more_tags: bool


@KINESIS.action("ListTagsForStream")
async def list_tags_for_stream(call: Call, input_: ListTagsForStreamInput) -> ListTagsForStreamOutput:
    """The tags of a stream in the order of their keys, all of them unless there is a Limit."""
    stream = find_stream(call, input_)
    tags = [tag for tag in tag_list(stream.tags) if tag.key > (input_.exclusive_start_tag_key or "")]
    page = tags[: input_.limit or TAGS_MAX]
    return ListTagsForStreamOutput(tags=page, has_more_tags=len(page) < len(tags))
