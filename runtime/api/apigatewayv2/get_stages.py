"""GetStages: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId, Listed, MaxResults, NextToken, results
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.httpapi.values import HttpStage
from streamcore.api.aws.service import Call


class GetStagesInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    max_results: MaxResults | None = None
    next_token: NextToken | None = None


class Stages(Listed, frozen=True, kw_only=True):
    items: list[HttpStage]


@APIGATEWAYV2.action("GetStages", "GET", "/v2/apis/{apiId}/stages")
async def get_stages(gateway: HttpGateway, call: Call, input_: GetStagesInput) -> Stages:
    """In the order of their names."""
    record = gateway.apis.api(call.scope, input_.api_id)
    present = {each.stage.stage_name: each.stage for each in gateway.apis.stages(record)}
    items, next_token = results(present, input_.max_results, input_.next_token)
    return Stages(items=items, next_token=next_token)
