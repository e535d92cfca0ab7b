"""ListTags: https://docs.aws.amazon.com/lambda/latest/api/API_ListTags.html"""

from __future__ import annotations

from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape
from runtime.api.lambda_.tagging import TaggableResource, tags_at
from runtime.app import Functions
from streamcore.api.aws.service import Call


class ListTagsInput(LambdaShape, frozen=True, kw_only=True):
    resource: TaggableResource


class ListTagsOutput(LambdaShape, frozen=True, kw_only=True):
    tags: dict[str, str]


@LAMBDA.action("ListTags", "GET", "/2017-03-31/tags/{Resource}")
async def list_tags(functions: Functions, call: Call, input_: ListTagsInput) -> ListTagsOutput:
    return ListTagsOutput(tags=tags_at(functions, input_.resource))
