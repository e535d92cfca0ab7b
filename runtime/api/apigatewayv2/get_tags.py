"""GetTags: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/tags-resource-arn.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ResourceArn
from runtime.api.apigatewayv2.tagged import tagged
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import Value
from streamcore.api.aws.service import Call


class GetTagsInput(ApiShape, frozen=True, kw_only=True):
    resource_arn: ResourceArn


class Tags(Value, frozen=True, kw_only=True):
    tags: dict[str, str]


@APIGATEWAYV2.action("GetTags", "GET", "/v2/tags/{resource-arn}")
async def get_tags(gateway: HttpGateway, call: Call, input_: GetTagsInput) -> Tags:
    """The tags of an API or a stage."""
    return Tags(tags=tagged(gateway, call.scope, input_.resource_arn).tags or {})
