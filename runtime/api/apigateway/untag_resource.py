"""UntagResource: https://docs.aws.amazon.com/apigateway/latest/api/API_UntagResource.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
)
from runtime.api.apigateway.tagged import tagged
from runtime.gateway.service import Gateway
from streamcore.api.aws.binding import label, query
from streamcore.api.aws.service import Call


class UntagResourceInput(ApiShape, frozen=True, kw_only=True):
    resource_arn: Annotated[str, label("resource_arn")]
    tag_keys: Annotated[list[str], query("tagKeys")]


@APIGATEWAY.action("UntagResource", "DELETE", "/tags/{resource_arn}", status=204)
async def untag_resource(gateway: Gateway, call: Call, input_: UntagResourceInput) -> None:
    """Takes tags from it."""
    async with gateway.apis.changing, gateway.keys.changing:
        found = tagged(gateway, call.scope, input_.resource_arn)
        left = {key: value for key, value in (found.tags or {}).items() if key not in input_.tag_keys}
        await found.save(left or None)
