"""TagResource: https://docs.aws.amazon.com/lambda/latest/api/API_TagResource.html"""

from __future__ import annotations

from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, Tags
from runtime.api.lambda_.tagging import TaggableResource, retag
from runtime.app import Functions
from streamcore.api.aws.service import Call


class TagResourceInput(LambdaShape, frozen=True, kw_only=True):
    resource: TaggableResource
    tags: Tags


@LAMBDA.action("TagResource", "POST", "/2017-03-31/tags/{Resource}", status=204)
async def tag_resource(functions: Functions, call: Call, input_: TagResourceInput) -> None:
    await retag(functions, input_.resource, add=input_.tags, remove=[])
