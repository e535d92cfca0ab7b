"""ListFunctionUrlConfigs: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctionUrlConfigs.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, MarkerInQuery, MaxFiftyInQuery, UrlFunctionNameLabel
from runtime.api.lambda_.urls import UrlConfigOutput, url_shape
from runtime.app import Functions
from runtime.model.names import FunctionRef
from runtime.model.paging import page
from streamcore.api.aws.service import Call


class ListFunctionUrlConfigsInput(LambdaShape, frozen=True, kw_only=True):
    function_name: UrlFunctionNameLabel
    marker: MarkerInQuery | None = None
    max_items: MaxFiftyInQuery | None = None


class ListFunctionUrlConfigsOutput(LambdaShape, frozen=True, kw_only=True):
    function_url_configs: list[UrlConfigOutput]
    next_marker: str | None = None


@LAMBDA.action("ListFunctionUrlConfigs", "GET", "/2021-10-31/functions/{FunctionName}/urls")
async def list_function_url_configs(
    functions: Functions, call: Call, input_: ListFunctionUrlConfigsInput
) -> ListFunctionUrlConfigsOutput:
    """The URLs of a function and of its aliases."""
    key = key_of(call, input_)
    functions.catalog.function(key)
    of_function = functions.catalog.urls.of(key).items()
    found = {name: url_shape(call, FunctionRef(key, name or None), each) for name, each in of_function}
    items, marker = page(found, input_.marker, input_.max_items)
    return ListFunctionUrlConfigsOutput(function_url_configs=items, next_marker=marker)
