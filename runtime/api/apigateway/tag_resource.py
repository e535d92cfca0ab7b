"""TagResource: https://docs.aws.amazon.com/apigateway/latest/api/API_TagResource.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Texts,
    check_tags,
)
from runtime.api.apigateway.tagged import tagged
from runtime.gateway.service import Gateway
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class TagResourceInput(ApiShape, frozen=True, kw_only=True):
    resource_arn: Annotated[str, label("resource_arn")]
    tags: Texts


@APIGATEWAY.action("TagResource", "PUT", "/tags/{resource_arn}", status=204)
async def tag_resource(gateway: Gateway, call: Call, input_: TagResourceInput) -> None:
    """Adds tags to an API, a stage, a key or a plan."""
    async with gateway.apis.changing, gateway.keys.changing:
        found = tagged(gateway, call.scope, input_.resource_arn)
        await found.save(check_tags((found.tags or {}) | input_.tags))
