"""ListFunctionEventInvokeConfigs: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctionEventInvokeConfigs.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.invoke_configs import FunctionEventInvokeConfig, invoke_config_shape
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import (
    LambdaShape,
    MarkerInQuery,
    MaxFiftyInQuery,
    NamespacedFunctionNameLabel,
)
from runtime.app import Functions
from runtime.model.paging import page
from streamcore.api.aws.service import Call


class ListFunctionEventInvokeConfigsInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    marker: MarkerInQuery | None = None
    max_items: MaxFiftyInQuery | None = None


class ListFunctionEventInvokeConfigsOutput(LambdaShape, frozen=True, kw_only=True):
    function_event_invoke_configs: list[FunctionEventInvokeConfig]
    next_marker: str | None = None


@LAMBDA.action("ListFunctionEventInvokeConfigs", "GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config/list")
async def list_function_event_invoke_configs(
    functions: Functions, call: Call, input_: ListFunctionEventInvokeConfigsInput
) -> ListFunctionEventInvokeConfigsOutput:
    key = key_of(call, input_)
    functions.catalog.function(key)
    of_function = functions.catalog.invoke_configs.of(key).items()
    found = {name: invoke_config_shape(key, name, each) for name, each in of_function}
    items, marker = page(found, input_.marker, input_.max_items)
    return ListFunctionEventInvokeConfigsOutput(function_event_invoke_configs=items, next_marker=marker)
