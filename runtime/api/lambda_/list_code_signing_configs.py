"""ListCodeSigningConfigs: https://docs.aws.amazon.com/lambda/latest/api/API_ListCodeSigningConfigs.html"""

from __future__ import annotations

from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, MarkerInQuery, MaxItemsInQuery
from runtime.api.lambda_.signing import CodeSigningConfigShape, signing_shape
from runtime.app import Functions
from runtime.model.paging import page
from streamcore.api.aws.service import Call


class ListCodeSigningConfigsInput(LambdaShape, frozen=True, kw_only=True):
    marker: MarkerInQuery | None = None
    max_items: MaxItemsInQuery | None = None


class ListCodeSigningConfigsOutput(LambdaShape, frozen=True, kw_only=True):
    code_signing_configs: list[CodeSigningConfigShape]
    next_marker: str | None = None


@LAMBDA.action("ListCodeSigningConfigs", "GET", "/2020-04-22/code-signing-configs")
async def list_code_signing_configs(
    functions: Functions, call: Call, input_: ListCodeSigningConfigsInput
) -> ListCodeSigningConfigsOutput:
    found = functions.catalog.signing.of((call.scope.account, call.scope.region))
    items, marker = page(found, input_.marker, input_.max_items)
    told = [signing_shape(each) for each in items]
    return ListCodeSigningConfigsOutput(code_signing_configs=told, next_marker=marker)
