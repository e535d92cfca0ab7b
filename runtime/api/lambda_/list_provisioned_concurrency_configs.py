"""ListProvisionedConcurrencyConfigs: https://docs.aws.amazon.com/lambda/latest/api/API_ListProvisionedConcurrencyConfigs.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.provisioning import ProvisionedItem, provisioned_item
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import FunctionNameLabel, LambdaShape, MarkerInQuery, MaxFiftyInQuery
from runtime.app import Functions
from runtime.model.paging import page
from streamcore.api.aws.service import Call


class ListProvisionedConcurrencyConfigsInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel
    marker: MarkerInQuery | None = None
    max_items: MaxFiftyInQuery | None = None


class ListProvisionedConcurrencyConfigsOutput(LambdaShape, frozen=True, kw_only=True):
    provisioned_concurrency_configs: list[ProvisionedItem]
    next_marker: str | None = None


@LAMBDA.action(
    "ListProvisionedConcurrencyConfigs",
    "GET",
    "/2019-09-30/functions/{FunctionName}/provisioned-concurrency?List=ALL",
)
async def list_provisioned_concurrency_configs(
    functions: Functions, call: Call, input_: ListProvisionedConcurrencyConfigsInput
) -> ListProvisionedConcurrencyConfigsOutput:
    key = key_of(call, input_)
    functions.catalog.function(key)
    of_function = functions.catalog.provisioned.of(key).items()
    found = {name: provisioned_item(functions, key, name, each) for name, each in of_function}
    items, marker = page(found, input_.marker, input_.max_items)
    return ListProvisionedConcurrencyConfigsOutput(provisioned_concurrency_configs=items, next_marker=marker)
