"""TagResource: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/tags-resource-arn.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape, check_tags
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ResourceArn, Texts
from runtime.api.apigatewayv2.tagged import tagged
from runtime.gateway.httpapi.service import HttpGateway
from streamcore.api.aws.service import Call
from streamcore.api.http import Response


class TagResourceInput(ApiShape, frozen=True, kw_only=True):
    resource_arn: ResourceArn
    tags: Texts | None = None


@APIGATEWAYV2.action("TagResource", "POST", "/v2/tags/{resource-arn}", status=201)
async def tag_resource(gateway: HttpGateway, call: Call, input_: TagResourceInput) -> Response:
    """Adds tags to an API or a stage."""
    async with gateway.apis.changing:
        found = tagged(gateway, call.scope, input_.resource_arn)
        await found.save(check_tags({**(found.tags or {}), **(input_.tags or {})}))
    return Response(201, {"content-type": "application/json"}, b"{}")
