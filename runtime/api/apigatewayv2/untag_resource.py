"""UntagResource: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/tags-resource-arn.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ResourceArn
from runtime.api.apigatewayv2.tagged import tagged
from runtime.gateway.httpapi.service import HttpGateway
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class UntagResourceInput(ApiShape, frozen=True, kw_only=True):
    resource_arn: ResourceArn
    tag_keys: Annotated[list[str], query("tagKeys")]


@APIGATEWAYV2.action("UntagResource", "DELETE", "/v2/tags/{resource-arn}", status=204)
async def untag_resource(gateway: HttpGateway, call: Call, input_: UntagResourceInput) -> None:
    """Takes tags from it."""
    async with gateway.apis.changing:
        found = tagged(gateway, call.scope, input_.resource_arn)
        left = {key: value for key, value in (found.tags or {}).items() if key not in input_.tag_keys}
        await found.save(left or None)
