"""UntagResource: https://docs.aws.amazon.com/lambda/latest/api/API_UntagResource.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, TagKey
from runtime.api.lambda_.tagging import TaggableResource, retag
from runtime.app import Functions
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class UntagResourceInput(LambdaShape, frozen=True, kw_only=True):
    resource: TaggableResource
    tag_keys: Annotated[list[TagKey], query("tagKeys")]


@LAMBDA.action("UntagResource", "DELETE", "/2017-03-31/tags/{Resource}", status=204)
async def untag_resource(functions: Functions, call: Call, input_: UntagResourceInput) -> None:
    await retag(functions, input_.resource, add={}, remove=input_.tag_keys)
