"""GetTags: https://docs.aws.amazon.com/apigateway/latest/api/API_GetTags.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Limit,
    Position,
)
from runtime.api.apigateway.tagged import tagged
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    Value,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class Tags(Value, frozen=True, kw_only=True):
    tags: dict[str, str]


class GetTagsInput(ApiShape, frozen=True, kw_only=True):
    resource_arn: Annotated[str, label("resource_arn")]
    position: Position | None = None
    limit: Limit | None = None


@APIGATEWAY.action("GetTags", "GET", "/tags/{resource_arn}")
async def get_tags(gateway: Gateway, call: Call, input_: GetTagsInput) -> Tags:
    """The tags of an API, a stage, a key or a plan."""
    return Tags(tags=tagged(gateway, call.scope, input_.resource_arn).tags or {})
